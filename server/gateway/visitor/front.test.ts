import { Agent, createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { createServer as createNetServer } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { waitForStill } from "../../../tests/wait.ts";
import { createHarness, until } from "../harness.test-part.ts";
import type { Harness } from "../harness.test-part.ts";

let harness: Harness;
afterEach(async () => {
  vi.useRealTimers();
  await harness.close();
});

const plain = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${harness.host}\r\n\r\n`;

/** A connection that keeps all it receives. */
function open(): { socket: Socket; received: () => string; closed: () => boolean } {
  const socket = harness.open({ allowHalfOpen: true });
  let all = "";
  let closed = false;
  socket.on("data", (chunk: Buffer) => (all += chunk.toString("latin1")));
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.on("close", () => (closed = true));
  return { socket, received: () => all, closed: () => closed };
}

test("plain requests of one connection are answered without node's server, one after the other", async () => {
  harness = await createHarness();
  await harness.awake((req, res) => void res.setHeader("content-length", req.url!.length).end(req.url));
  const { socket, received } = open();
  for (const path of ["/one", "/two", "/three"]) {
    socket.write(plain(path));
    await until(() => received().endsWith(path));
  }
  expect(harness.records.map(({ path }) => path)).toEqual(["/one", "/two", "/three"]);
  expect(harness.passedOn()).toBe(0);
  socket.destroy();
});

test("with the first request that is not plain the connection goes on to node's server, and loses nothing", async () => {
  harness = await createHarness();
  await harness.awake((req, res) => {
    let body = "";
    req.on("data", (chunk: Buffer) => (body += chunk.toString()));
    req.on("end", () => res.end(`<${req.method} ${req.url} ${body}>`));
  });
  const { socket, received } = open();
  const post = `POST /p HTTP/1.1\r\nHost: ${harness.host}\r\nContent-Length: 4\r\n\r\nbo`;
  socket.write(plain("/a") + plain("/b") + post);
  await until(() => received().includes("<GET /b >"));
  socket.write(`dy${plain("/c")}`);
  await until(() => received().includes("<GET /c >"));
  expect([...received().matchAll(/<[^>]*>/g)].map(([text]) => text)).toEqual(["<GET /a >", "<GET /b >", "<POST /p body>", "<GET /c >"]);
  expect(harness.passedOn()).toBe(1);
  socket.destroy();
});

test("a request that comes byte by byte is answered", async () => {
  harness = await createHarness();
  await harness.awake((_req, res) => void res.end("whole"));
  const { socket, received } = open();
  for (const byte of plain("/slow")) {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => received().includes("whole"));
  socket.destroy();
});

const answers: [string, RequestListener][] = [
  [
    "counted",
    (_req, res) => void res.writeHead(201, "Made", ["X-One", "1", "Set-Cookie", "a=1; Domain=localhost", "Content-Length", "2"]).end("ok"),
  ],
  ["chunked", (_req, res) => void (res.write("one"), setImmediate(() => res.end("two")))],
  ["empty", (_req, res) => void res.writeHead(200, { "content-length": "0" }).end()],
  ["204", (_req, res) => void res.writeHead(204).end()],
  ["304", (_req, res) => void res.writeHead(304, { etag: '"x"' }).end()],
  ["large", (_req, res) => void res.writeHead(200, { "content-length": "300000" }).end(Buffer.alloc(300_000, "x"))],
  ["large in chunks", (_req, res) => void res.end(Buffer.alloc(300_000, "y"))],
  ["early hints", (_req, res) => void (res.writeEarlyHints({ link: "</a.css>; rel=preload" }), res.end("late"))],
  [
    "trailers",
    (req, res) => {
      if (req.method === "HEAD") return void res.end();
      res.writeHead(200, { Trailer: "X-Sum, X-More" });
      res.write("body");
      res.addTrailers({ "X-Sum": "4", "X-Secret": "not announced" });
      res.end();
    },
  ],
];

/** Over a connection that is kept, as the short way wants it. */
function ask(path = "/", method = "GET"): Promise<{ res: IncomingMessage; body: string; interim: unknown[] }> {
  const agent = new Agent({ keepAlive: true });
  return new Promise((resolve, reject) => {
    const interim: unknown[] = [];
    const req = httpRequest({ port: harness.port, path, method, agent, headers: { host: harness.host } }, (res) => {
      let body = "";
      res.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
      res.on("end", () => {
        agent.destroy();
        resolve({ res, body, interim });
      });
    });
    req.on("information", ({ statusCode, rawHeaders }) => interim.push(statusCode, rawHeaders));
    req.on("error", reject);
    req.end();
  });
}

/** Name and value pairs but for those about the connection, which are the gateway's own. */
function toFields(raw: readonly string[]): string[] {
  const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${raw[index + 1]}`] : []));
  return pairs.filter((pair) => !/^(?:connection|keep-alive):/i.test(pair));
}

test.each(["GET", "HEAD"])("answers to %s are the same with and without the short way", async (method) => {
  for (const [what, listener] of answers) {
    const seen: unknown[] = [];
    for (const front of [true, false]) {
      harness = await createHarness({}, { front });
      await harness.awake((req, res) => {
        res.sendDate = false;
        listener(req, res);
      });
      const { res, body, interim } = await ask("/", method);
      seen.push([res.statusCode, res.statusMessage, toFields(res.rawHeaders), toFields(res.rawTrailers), body, interim]);
      expect(harness.passedOn()).toBe(0);
      expect(harness.records).toMatchObject([{ method, bytesOut: body.length, answeredBy: "app" }]);
      await harness.close();
    }
    expect(seen[0], what).toEqual(seen[1]);
  }
  harness = await createHarness();
});

test("announced trailers reach the caller, and no others", async () => {
  for (const front of [true, false]) {
    harness = await createHarness({}, { front });
    await harness.awake(answers.find(([what]) => what === "trailers")![1]);
    expect((await ask()).res.rawTrailers).toEqual(["X-Sum", "4"]);
    if (front) await harness.close();
  }
});

test("who does not read its answers gets no more of them, and is not forgotten", async () => {
  harness = await createHarness();
  let asked = 0;
  const body = Buffer.alloc(100_000, "x");
  await harness.awake((_req, res) => {
    asked += 1;
    res.writeHead(200, { "content-length": String(body.length) }).end(body);
  });
  const socket = harness.open();
  socket.pause();
  const total = 500;
  for (let turn = 0; turn < total; turn += 1) socket.write(plain("/"));
  await until(() => asked > 0);
  expect(await waitForStill("the asking", () => asked)).toBeLessThan(total / 2);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => (bytes += chunk.length));
  socket.resume();
  await until(() => bytes > total * body.length, 20_000);
  expect(asked).toBe(total);
  socket.destroy();
});

test("a reader that stops holds a gigabyte back at the app, and lets it through without its being held", { timeout: 120_000 }, async () => {
  harness = await createHarness();
  const total = 1024 * 1024 * 1024;
  const piece = Buffer.alloc(65_536, "z");
  let written = 0;
  await harness.awake((_req, res) => {
    const write = (): void => {
      while (written < total) {
        written += piece.length;
        if (!res.write(piece)) return void res.once("drain", write);
      }
      res.end();
    };
    write();
  });
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  const agent = new Agent({ keepAlive: true });
  httpRequest({ port: harness.port, agent, headers: { host: harness.host } }, resolve).end();
  const res = (await promise).pause();
  const before = process.memoryUsage().rss;
  expect(await waitForStill("the app's writing", () => written)).toBeLessThan(64 * 1024 * 1024);
  let peak = before;
  let received = 0;
  res.on("data", (chunk: Buffer) => {
    received += chunk.length;
    peak = Math.max(peak, process.memoryUsage.rss());
  });
  res.resume();
  await new Promise((ended) => res.on("end", ended));
  expect(received).toBe(total);
  expect(peak - before).toBeLessThan(150 * 1024 * 1024);
  expect(harness.records).toMatchObject([{ bytesOut: total, status: 200 }]);
  expect(harness.passedOn()).toBe(0);
  agent.destroy();
});

test("a connection that says nothing, or no more, is closed after its time; one that waits for an answer is not", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  harness = await createHarness();
  const waiting: ServerResponse[] = [];
  await harness.awake((_req, res) => void waiting.push(res));
  const silent = open();
  const asking = open();
  asking.socket.write(plain("/"));
  await until(() => waiting.length === 1, 5_000);
  vi.advanceTimersByTime(22_000);
  await until(silent.closed);
  vi.advanceTimersByTime(100_000);
  expect(asking.closed()).toBe(false);
  waiting[0]!.end("at last");
  await until(() => asking.received().includes("at last"));
  vi.advanceTimersByTime(60_000);
  expect(asking.closed()).toBe(false);
  vi.advanceTimersByTime(8_000);
  await until(asking.closed);
});

test("draining ends quiet connections at once, and the others with their answer, which says so", async () => {
  harness = await createHarness();
  const waiting: ServerResponse[] = [];
  await harness.awake((_req, res) => void waiting.push(res));
  const quiet = open();
  const busy = open();
  busy.socket.write(plain("/"));
  await until(() => waiting.length === 1);
  harness.gateway.drain();
  await until(quiet.closed);
  expect(busy.closed()).toBe(false);
  waiting[0]!.end("done");
  await until(busy.closed);
  expect(busy.received()).toMatch(/\r\nConnection: close\r\n[^]*done/);
});

test("an app that breaks the rules is a 502 that says which, and costs nobody else anything", async () => {
  harness = await createHarness();
  const said: [string, string][] = [
    ["garbage\r\n\r\n", "What it sent is not HTTP/1.1."],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`, "The headers of its answer are larger than 64 KiB."],
    ["HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", "One of the headers of its answer is not valid HTTP."],
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "The headers of its answer contradict each other about its length.",
    ],
    [`${"HTTP/1.1 102 Processing\r\n\r\n".repeat(60)}HTTP/1.1 200 OK\r\n\r\n`, "It sent more interim answers than make sense."],
    ["HTTP/1.1 200 OK\r\nContent-", "It ended the connection without a whole answer."],
  ];
  let turn = 0;
  const instance = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(said[turn]![0], "latin1"));
  });
  const { endpoint, server } = await harness.serve("bad", () => {});
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => instance.listen("socketPath" in endpoint ? endpoint.socketPath : "", resolve));
  harness.runtime.ready = [endpoint];
  for (; turn < said.length; turn += 1) {
    const answer = await harness.get("/");
    expect([answer.status, (JSON.parse(answer.body) as { detail: string }).detail]).toEqual([502, said[turn]![1]]);
    expect(harness.runtime.entered).toBe(0);
  }
  instance.close();
});

test("half a body is passed on, and its end is not mistaken for the whole", async () => {
  harness = await createHarness();
  const instance = createServer((_req, res) => {
    res.writeHead(200, { "content-length": "10" });
    res.write("half");
    setImmediate(() => res.destroy());
  });
  const { endpoint, server } = await harness.serve("half", () => {});
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await new Promise<void>((resolve) => instance.listen("socketPath" in endpoint ? endpoint.socketPath : "", resolve));
  harness.runtime.ready = [endpoint];
  const { socket, received, closed } = open();
  socket.write(plain("/"));
  await until(closed);
  expect(received()).toMatch(/Content-Length: 10\r\n[^]*half$/i);
  expect(harness.records).toMatchObject([{ status: 200, aborted: "app" }]);
  instance.close();
});
