import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
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

test("an answer comes as the app wrote it: order, case, repeated headers, no date of ours", async () => {
  await harness.awake((_req, res) => {
    res.sendDate = false;
    res
      .writeHead(201, "Made", [
        "X-One",
        "1",
        "Set-Cookie",
        "a=1; Path=/",
        "x-TWO",
        "2",
        "Set-Cookie",
        "b=2; HttpOnly",
        "Content-Length",
        "2",
      ])
      .end("ok");
  });
  const answer = await harness.get("/things?q=1&q=2&secret=x");
  expect([answer.status, answer.message, answer.body]).toEqual([201, "Made", "ok"]);
  expect(answer.rawHeaders.slice(0, 10)).toEqual([
    "X-One",
    "1",
    "Set-Cookie",
    "a=1; Path=/",
    "x-TWO",
    "2",
    "Set-Cookie",
    "b=2; HttpOnly",
    "Content-Length",
    "2",
  ]);
  expect(answer.headers.date).toBeUndefined();
  expect(harness.records).toMatchObject([
    {
      appId: "a1",
      method: "GET",
      path: "/things",
      queryNames: ["q", "secret"],
      status: 201,
      bytesIn: 0,
      bytesOut: 2,
      coldStartMs: null,
      version: 3,
      instanceId: "i1",
      answeredBy: "app",
    },
  ]);
  expect(harness.runtime.entered).toBe(0);
});

test("the app sees the caller's headers and ours, and none that are not its business", async () => {
  let seen: IncomingMessage | undefined;
  await harness.awake((req, res) => {
    seen = req;
    res.end();
  });
  await harness.get("/", {
    headers: {
      "X-Custom": "1",
      "x-fp-instance": "forged",
      "X-FP-Other": "1",
      "x-request-id": "mine",
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-host": "evil",
      forwarded: "for=6.6.6.6",
      connection: "close, X-Dropped",
      "x-dropped": "1",
      te: "trailers",
      cookie: "a=1; fp.session=s; __Host-fp.session=t; b=2",
      "HX-Request": "true",
      "hx-current-url": "http://x/y?secret=1",
    },
  });
  const record = harness.records[0]!;
  expect(seen?.rawHeaders).toContain("X-Custom");
  expect(seen?.headers).toMatchObject({
    host: "notes.localhost:3000",
    cookie: "a=1; b=2",
    "x-fp-instance": "i1",
    "x-request-id": record.id,
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "notes.localhost:3000",
  });
  expect(seen?.headers.traceparent).toMatch(new RegExp(`^00-${record.id}-[0-9a-f]{16}-01$`));
  for (const name of ["x-fp-other", "forwarded", "x-dropped", "te"]) expect(seen?.headers[name]).toBeUndefined();
  expect(record.hx).toEqual({ "hx-request": "true", "hx-current-url": "http://x/y" });
});

test("a trusted proxy's word on the visitor is believed", async () => {
  await harness.close();
  harness = await createHarness({ trustedProxies: ["127.0.0.0/8"] });
  let seen: IncomingMessage["headers"] = {};
  await harness.awake((req, res) => {
    seen = req.headers;
    res.end();
  });
  await harness.get("/", {
    headers: { "x-forwarded-for": "9.9.9.9", "x-forwarded-proto": "https", "x-forwarded-host": "notes.example.com" },
  });
  expect(seen).toMatchObject({
    "x-forwarded-for": "9.9.9.9, 127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "notes.example.com",
  });
});

test("HEAD, 204, 304 and chunked answers keep their shape, on one connection to the app", async () => {
  const connections = new Set<unknown>();
  await harness.awake((req, res) => {
    connections.add(req.socket);
    if (req.url === "/head") res.writeHead(200, { "content-length": "1234" }).end();
    else if (req.url === "/204") res.writeHead(204).end();
    else if (req.url === "/304") res.writeHead(304, { etag: '"x"' }).end();
    else {
      res.write("one");
      res.end("two");
    }
  });
  expect(await harness.get("/head", { method: "HEAD" })).toMatchObject({ status: 200, body: "", headers: { "content-length": "1234" } });
  expect(await harness.get("/204")).toMatchObject({ status: 204, body: "" });
  expect(await harness.get("/304")).toMatchObject({ status: 304, headers: { etag: '"x"' } });
  expect(await harness.get("/chunked")).toMatchObject({ body: "onetwo", headers: { "transfer-encoding": "chunked" } });
  expect(connections.size).toBe(1);
});

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
  let last = -1;
  // Standstill: two looks, 100 ms apart, at the same count.
  while (last !== written) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(written).toBeLessThan(20 * 1024 * 1024);
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

test("a cookie wider than the app's host loses its Domain; others are left alone", async () => {
  await harness.awake((_req, res) => {
    res.writeHead(200, ["Set-Cookie", "a=1; Domain=localhost; Path=/", "Set-Cookie", "b=2; Domain=notes.localhost; Path=/"]).end();
  });
  expect((await harness.get("/")).headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2; Domain=notes.localhost; Path=/"]);
});

test("what requests are smuggled with is refused", async () => {
  let reached = 0;
  await harness.awake((_req, res) => {
    reached += 1;
    res.end();
  });
  const head = `POST / HTTP/1.1\r\nHost: ${harness.host}\r\nConnection: close\r\n`;
  const attempts = [
    `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    `${head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    `${head}Host: other.localhost\r\nContent-Length: 0\r\n\r\n`,
    `${head}Content-Length : 0\r\n\r\n`,
    `GET http://other.localhost/ HTTP/1.1\r\nHost: ${harness.host}\r\nConnection: close\r\n\r\n`,
    `GET /a\r\nX: y HTTP/1.1\r\nHost: ${harness.host}\r\n\r\n`,
  ];
  for (const attempt of attempts) expect(await harness.raw(attempt), attempt).toMatch(/^HTTP\/1\.1 (400|501) /);
  expect(reached).toBe(0);
});

test("the runner's own paths are out of reach in every spelling", async () => {
  let reached = 0;
  await harness.awake((_req, res) => {
    reached += 1;
    res.end();
  });
  for (const path of [
    "/_platform/health",
    "/_platform",
    "/%5fplatform/health",
    "/_pl%61tform/x?y",
    "//_platform/health",
    "/./_platform/x",
  ]) {
    expect((await harness.get(path)).status, path).toBe(404);
  }
  expect((await harness.get("/_platformer")).status).toBe(200);
  expect(reached).toBe(1);
});

test("an answer that is no HTTP is a 502 with a request id and no internals", async () => {
  const instance = await harness.awake(() => {});
  instance.server.on("connection", (socket) => socket.end("garbage\r\n\r\n"));
  const answer = await harness.get("/");
  expect(answer.status).toBe(502);
  expect(JSON.parse(answer.body)).toEqual({
    type: "about:blank",
    title: "The app's answer cannot be passed on",
    status: 502,
    code: "app_failed",
    detail: "What it sent is not HTTP/1.1.",
    requestId: harness.records[0]!.id,
  });
});

test("an app that never begins to answer is a 504", async () => {
  await harness.close();
  harness = await createHarness({ limits: { answerMs: 500 } });
  await harness.awake(() => {});
  expect((await harness.get("/")).status).toBe(504);
});
