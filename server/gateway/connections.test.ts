import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitForStill } from "../../tests/wait.ts";
import { createHarness, until } from "./harness.test-part.ts";
import type { Harness } from "./harness.test-part.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(() => harness.close());

function request(path: string, more = "", method = "GET"): string {
  return `${method} ${path} HTTP/1.1\r\nHost: ${harness.host}\r\n${more}\r\n`;
}

/** A connection that a test writes and reads byte by byte. */
function open(options?: { allowHalfOpen: boolean }): { socket: Socket; received: () => string; closed: () => boolean } {
  const socket = harness.open(options);
  let all = "";
  let closed = false;
  socket.on("data", (chunk: Buffer) => (all += chunk.toString("latin1")));
  socket.on("close", () => (closed = true));
  socket.on("error", () => {});
  return { socket, received: () => all, closed: () => closed };
}

test("pipelined requests are begun one after the other and answered in order", async () => {
  const begun: string[] = [];
  const waiting: ServerResponse[] = [];
  await harness.awake((req, res) => {
    begun.push(`${req.method} ${req.url}`);
    waiting.push(res);
  });
  const { socket, received } = open();
  socket.write(request("/1", "Content-Length: 3\r\n", "POST") + "abc" + request("/2") + request("/3", "", "HEAD") + request("/4"));
  for (const count of [1, 2, 3, 4]) {
    await until(() => begun.length === count);
    // None of the others came along.
    expect(harness.runtime.entered).toBe(1);
    waiting[count - 1]!.setHeader("x-answer", String(count));
    waiting[count - 1]!.end(`body ${count}`);
  }
  await until(() => received().endsWith("body 4"));
  expect(begun).toEqual(["POST /1", "GET /2", "HEAD /3", "GET /4"]);
  expect([...received().matchAll(/x-answer: (\d)/g)].map(([, number]) => number)).toEqual(["1", "2", "3", "4"]);
  expect(received()).not.toContain("body 3");
  socket.destroy();
});

test("a long pipeline waits at its caller, and all of it is answered", async () => {
  let hold: (() => void) | undefined;
  let answered = 0;
  await harness.awake((_req, res) => {
    answered += 1;
    if (answered === 1) hold = () => res.end("ok");
    else res.end("ok");
  });
  const total = 1_500;
  const { socket, received } = open();
  const one = request("/", `X-Padding: ${"x".repeat(15_000)}\r\n`);
  for (let sent = 0; sent < total; sent += 1) socket.write(one);
  await until(() => hold !== undefined);
  expect(await waitForStill("what the caller could not send", () => socket.writableLength)).toBeGreaterThan(0);
  expect(answered).toBe(1);
  hold!();
  await until(() => answered === total, 15_000);
  await until(() => received().split("HTTP/1.1 200 OK").length - 1 === total);
  socket.destroy();
});

test("the connection ends in the middle of a pipeline: what was not begun never is", async () => {
  const begun: string[] = [];
  await harness.awake((req) => void begun.push(req.url!));
  const { socket } = open();
  socket.write(request("/1") + request("/2"));
  await until(() => begun.length === 1);
  socket.destroy();
  await until(() => harness.records.length === 1);
  expect(harness.records[0]).toMatchObject({ path: "/1", status: 499, aborted: "client" });
  expect(begun).toEqual(["/1"]);
});

test("what is no HTTP behind a good request does not take that one's answer", async () => {
  let answer: (() => void) | undefined;
  await harness.awake((_req, res) => (answer = () => res.end("whole")));
  const { socket, received, closed } = open();
  socket.write(request("/") + "\0\0garbage\r\n\r\n");
  await until(() => answer !== undefined);
  answer!();
  await until(closed);
  expect(received()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*whole(?:HTTP\/1\.1 400 [^]*)?$/);
  expect(harness.records).toMatchObject([{ status: 200 }]);
});

test("a caller that closed its side after the request gets its whole answer", async () => {
  const waiting: ServerResponse[] = [];
  await harness.awake((_req, res) => void waiting.push(res));
  const { socket, received, closed } = open({ allowHalfOpen: true });
  socket.end(request("/"));
  await until(() => waiting.length === 1);
  // Told that it is being worked on, which finds out who has left instead.
  await until(() => received() === "HTTP/1.1 100 Continue\r\n\r\n");
  waiting[0]!.write("one");
  await until(() => received().includes("one"));
  waiting[0]!.end("two");
  await until(closed);
  expect(received()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*one\r\n3\r\ntwo\r\n0\r\n\r\n$/);
  expect(harness.records).toMatchObject([{ status: 200 }]);
});

test("a caller that leaves while it waits reaches the app as a closed connection, and is recorded", async () => {
  let closed = 0;
  let begun = 0;
  await harness.awake((req) => {
    begun += 1;
    req.socket.on("close", () => (closed += 1));
  });
  for (const method of ["GET", "POST"]) {
    const { socket } = open();
    socket.write(request("/slow", method === "POST" ? "Content-Length: 1\r\n" : "", method) + (method === "POST" ? "x" : ""));
    await until(() => begun === harness.records.length + 1);
    // No reset: what a browser does that goes elsewhere.
    socket.end();
    socket.resume();
    await until(() => socket.readyState !== "open");
    socket.destroy();
    await until(() => harness.records.length === begun && closed === begun);
  }
  expect(harness.records.map((record) => [record.status, record.aborted])).toEqual([
    [499, "client"],
    [499, "client"],
  ]);
  expect(harness.runtime.entered).toBe(0);
});

test("a reader of events that leaves ends the stream at the app", async () => {
  let ended = false;
  await harness.awake((_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    res.on("close", () => (ended = true));
  });
  const { socket, received } = open();
  socket.write(request("/events"));
  await until(() => received().includes("data: 1"));
  socket.end();
  await until(() => ended && harness.records.length === 1);
  expect(harness.records[0]).toMatchObject({ status: 200, aborted: "client" });
});

test("a head that comes a byte at a time is cut off, one that is too large is a 431, and many headers are too", async () => {
  await harness.close();
  harness = await createHarness({}, { headersTimeoutMs: 300 });
  await harness.awake((_req, res) => res.end("ok"));
  const slow = open();
  const dripping = setInterval(() => slow.socket.writable && slow.socket.write("x"), 50);
  slow.socket.write("GET / HTTP/1.1\r\nX-Slow: ");
  await until(slow.closed, 15_000);
  clearInterval(dripping);
  expect(slow.received()).toMatch(/^HTTP\/1\.1 408 /);
  expect(await harness.raw(request("/", `X-Large: ${"x".repeat(20_000)}\r\n`))).toMatch(/^HTTP\/1\.1 431 /);
  expect(await harness.raw(request("/", "a:\r\n".repeat(600)))).toMatch(/^HTTP\/1\.1 431 /);
  expect(harness.runtime.enters).toBe(0);
});

test("an upload may take longer than a head may, but not stop", async () => {
  await harness.close();
  harness = await createHarness({ limits: { bodyIdleMs: 400 } }, { headersTimeoutMs: 100 });
  let received = 0;
  await harness.awake((req, res) => {
    req.on("data", (chunk: Buffer) => (received += chunk.length));
    req.on("end", () => res.end(`got ${received}`));
    req.on("error", () => {});
  });
  const long = open();
  long.socket.write(request("/", "Content-Length: 8\r\nConnection: close\r\n", "POST"));
  // Twice as long as a standstill may be, and never still.
  for (let sent = 1; sent <= 8; sent += 1) {
    long.socket.write("x");
    await until(() => received === sent);
    const until100 = performance.now() + 100;
    await until(() => performance.now() > until100);
  }
  await until(long.closed);
  expect(long.received()).toContain("got 8");
  received = 0;
  const stopped = open();
  stopped.socket.write(request("/", "Content-Length: 8\r\n", "POST") + "xxx");
  await until(() => stopped.received().includes("HTTP/1.1 408 "), 10_000);
  expect(harness.records.at(-1)).toMatchObject({ status: 408, bytesIn: 3, answeredBy: "gateway" });
  stopped.socket.destroy();
});

test("a body that the app does not read yet is not late", async () => {
  await harness.close();
  harness = await createHarness({ limits: { bodyIdleMs: 100 } });
  let proceed: (() => void) | undefined;
  await harness.awake((req, res) => {
    proceed = () => void req.pipe(res);
  });
  const answer = harness.get("/", { method: "POST", body: Buffer.alloc(2_000_000, "x") });
  await until(() => proceed !== undefined);
  const later = performance.now() + 400;
  await until(() => performance.now() > later);
  proceed!();
  expect((await answer).body).toHaveLength(2_000_000);
});
