import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitForStill } from "../../tests/wait.ts";
import { createHarness, until } from "./harness.test-part.ts";
import type { Harness } from "./harness.test-part.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(() => harness.close());

/** A request whose body the test writes piece by piece. */
function openRequest(path: string, headers: Record<string, string> = {}) {
  const req = httpRequest({
    host: "127.0.0.1",
    port: harness.port,
    path,
    method: "POST",
    headers: { host: harness.host, ...headers },
    agent: false,
  });
  req.on("error", () => {});
  return { req, answer: new Promise<IncomingMessage>((resolve) => req.on("response", resolve)) };
}

function once(stream: NodeJS.EventEmitter, event: string): Promise<unknown> {
  return new Promise((resolve) => stream.once(event, resolve));
}

test("the first byte of the answer arrives before the body of the request ends, and the other way round", async () => {
  await harness.awake((req, res) => {
    req.on("data", (chunk) => res.write(`got ${chunk}`));
    req.on("end", () => res.end("end"));
  });
  const { req, answer } = openRequest("/echo");
  req.write("a");
  const res = await answer;
  expect(String(await once(res, "data"))).toBe("got a");
  req.end("b");
  let rest = "";
  res.on("data", (chunk) => (rest += chunk));
  await once(res, "end");
  expect(rest).toBe("got bend");
});

test("a stream of events: its head is sent at once, each event as it comes, and its latency is that of its head", async () => {
  let stream: ServerResponse | undefined;
  await harness.awake((_req, res) => {
    stream = res.writeHead(200, { "content-type": "text/event-stream" });
    res.flushHeaders();
  });
  const begun = performance.now();
  const { req, answer } = openRequest("/events");
  req.end();
  const res = await answer;
  stream!.write("data: 1\n\n");
  expect(String(await once(res, "data"))).toBe("data: 1\n\n");
  const before = performance.now();
  await until(() => performance.now() - before > 60);
  stream!.end();
  await until(() => harness.records.length === 1);
  // The stream was held open for 60 ms after its head: they are not in its latency.
  expect(harness.records[0]!.latencyMs).toBeLessThan(performance.now() - begun - 60);
});

test("a reader that stops holds the app back, and memory does not grow", async () => {
  const total = 96 * 1024 * 1024;
  const piece = randomBytes(65_536);
  let written = 0;
  await harness.awake((_req, res) => {
    const write = (): void => {
      while (written < total) {
        written += piece.length;
        if (!res.write(piece)) {
          res.once("drain", write);
          return;
        }
      }
      res.end();
    };
    write();
  });
  const { req, answer } = openRequest("/big");
  req.end();
  const res = await answer;
  res.pause();
  expect(await waitForStill("the app's writing", () => written)).toBeLessThan(20 * 1024 * 1024);
  let received = 0;
  res.on("data", (chunk: Buffer) => (received += chunk.length));
  res.resume();
  await once(res, "end");
  expect(received).toBe(total);
});

test("an upload of any size streams through without being held", async () => {
  const total = 256 * 1024 * 1024;
  let received = 0;
  await harness.awake((req, res) => {
    req.on("data", (chunk: Buffer) => (received += chunk.length));
    req.on("end", () => res.end("ok"));
  });
  const { req, answer } = openRequest("/upload", { "content-length": String(total) });
  const piece = randomBytes(65_536);
  const before = process.memoryUsage().rss;
  let peak = before;
  for (let sent = 0; sent < total; sent += piece.length) {
    if (!req.write(piece)) await once(req, "drain");
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  req.end();
  expect((await answer).statusCode).toBe(200);
  expect(received).toBe(total);
  // Both ends live in this process: their socket buffers are in this figure too.
  expect(peak - before).toBeLessThan(100 * 1024 * 1024);
  expect(harness.records[0]!.bytesIn).toBe(total);
});

test("an app that holds an upload back is heard by the caller", async () => {
  let paused: IncomingMessage | undefined;
  await harness.awake((req, res) => {
    paused = req.pause();
    req.on("end", () => res.end("ok"));
  });
  const { req, answer } = openRequest("/upload");
  const piece = randomBytes(65_536);
  let sent = 0;
  let full = false;
  while (!full && sent < 64 * 1024 * 1024) {
    sent += piece.length;
    if (!req.write(piece))
      full = await Promise.race([
        once(req, "drain").then(() => false),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 300)),
      ]);
  }
  expect(full).toBe(true);
  paused!.resume();
  req.end();
  expect((await answer).statusCode).toBe(200);
});

test("a caller who leaves takes the request to the app along", async () => {
  let gone = false;
  await harness.awake((_req, res) => {
    res.on("close", () => (gone = true));
    res.write("begun");
  });
  const { req, answer } = openRequest("/slow");
  req.end();
  await once(await answer, "data");
  req.destroy();
  await until(() => gone && harness.records.length === 1);
  expect(harness.records[0]).toMatchObject({ status: 200, aborted: "client" });
  expect(harness.runtime.entered).toBe(0);
});

test("a caller who leaves in the middle of a body does not leave the app waiting", async () => {
  let aborted = false;
  await harness.awake((req) => {
    req.resume();
    req.on("error", () => {});
    req.on("close", () => (aborted = true));
  });
  const { req } = openRequest("/upload", { "content-length": "1000" });
  req.write("x");
  await until(() => harness.runtime.entered === 1);
  req.destroy();
  await until(() => aborted && harness.records.length === 1);
  expect(harness.records[0]).toMatchObject({ status: 499, aborted: "client" });
});

test("an answer that breaks off breaks off for the caller too, and is not mistaken for a whole one", async () => {
  await harness.awake((_req, res) => {
    res.write("half");
    setImmediate(() => res.destroy());
  });
  await expect(harness.get("/")).rejects.toThrow();
  expect(harness.records[0]).toMatchObject({ status: 200, aborted: "app" });
});

test("an app may answer before it has read the body", async () => {
  await harness.awake((_req, res) => {
    res.writeHead(413, { connection: "close" }).end("too much");
  });
  const answer = await harness.get("/upload", { method: "POST", body: randomBytes(4_000_000) });
  expect([answer.status, answer.body]).toEqual([413, "too much"]);
});

test("100-continue is answered when the app is there", async () => {
  await harness.awake((req, res) => void req.pipe(res));
  const { req, answer } = openRequest("/", { expect: "100-continue", "content-length": "5" });
  req.flushHeaders();
  await once(req, "continue");
  req.end("hello");
  expect(String(await once(await answer, "data"))).toBe("hello");
});
