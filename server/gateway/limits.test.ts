import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createHarness, until } from "./harness.test-part.ts";
import type { Harness } from "./harness.test-part.ts";

let harness: Harness;
afterEach(() => harness.close());

const codeOf = (body: string): string => (JSON.parse(body) as { code: string }).code;

test("an app is asked no more often than it may be: a burst passes, then 429 with the time until the next", async () => {
  harness = await createHarness({ limits: { requestsPerSecond: 0.5, requestBurst: 5 } });
  let reached = 0;
  await harness.awake((_req, res) => {
    reached += 1;
    res.end();
  });
  const answers = await Promise.all(Array.from({ length: 8 }, () => harness.get("/")));
  expect([200, 429].map((status) => answers.filter((answer) => answer.status === status).length)).toEqual([5, 3]);
  const refused = answers.find((answer) => answer.status === 429)!;
  expect(codeOf(refused.body)).toBe("too_many_requests");
  expect(refused.headers["retry-after"]).toMatch(/^[12]$/);
  expect(reached).toBe(5);
  expect(harness.records.filter((record) => record.status === 429 && record.answeredBy === "gateway")).toHaveLength(3);
});

test("the bucket fills again by its rate", async () => {
  harness = await createHarness({ limits: { requestsPerSecond: 20, requestBurst: 1 } });
  await harness.awake((_req, res) => res.end());
  const begun = performance.now();
  let passed = 0;
  while (passed < 5) passed += (await harness.get("/")).status === 200 ? 1 : 0;
  // The first at once, four more at one each 50 ms.
  expect(performance.now() - begun).toBeGreaterThan(190);
});

test("an instance is given no more requests than it may have at once; the others wait unread, in order", async () => {
  harness = await createHarness({ limits: { concurrencyPerInstance: 2 } });
  const begun: string[] = [];
  const open: ServerResponse[] = [];
  await harness.awake((req, res) => {
    begun.push(req.url!);
    open.push(res);
    req.resume();
  });
  const answers: Promise<unknown>[] = [];
  for (let number = 1; number <= 6; number += 1) {
    answers.push(harness.get(`/${number}`, { method: "POST", body: "x" }));
    await until(() => begun.length === Math.min(number, 2) && harness.received() === number);
  }
  while (begun.length < 6 || open.length > 0) {
    expect(harness.runtime.entered).toBeLessThanOrEqual(2);
    const next = begun.length + 1;
    open.shift()?.end("done");
    await until(() => begun.length === Math.min(next, 6) || open.length === 0);
  }
  await Promise.all(answers);
  expect(begun).toEqual(["/1", "/2", "/3", "/4", "/5", "/6"]);
});

test("another instance is more room", async () => {
  harness = await createHarness({ limits: { concurrencyPerInstance: 1 } });
  const open: ServerResponse[] = [];
  await harness.awake((_req, res) => void open.push(res));
  await harness.awake((_req, res) => void open.push(res));
  const answers = [harness.get("/"), harness.get("/"), harness.get("/")];
  await until(() => open.length === 2);
  expect(harness.runtime.entered).toBe(2);
  for (let ended = 0; ended < 3; ended += 1) {
    await until(() => open.length > 0);
    open.shift()!.end("done");
  }
  for (const answer of answers) expect((await answer).body).toBe("done");
});

test("past the number that may wait for their turn, and past the time, the answer is 503", async () => {
  harness = await createHarness({ limits: { concurrencyPerInstance: 1, queuedPerApp: 1, queueMs: 200 } });
  const open: ServerResponse[] = [];
  await harness.awake((_req, res) => void open.push(res));
  const first = harness.get("/first");
  await until(() => open.length === 1);
  const [early, late] = await Promise.all([harness.get("/a"), harness.get("/b")]);
  for (const answer of [early, late]) {
    expect([answer.status, answer.headers["retry-after"], codeOf(answer.body)]).toEqual([503, "1", "too_many_requests_in_flight"]);
  }
  // One was refused at once, the other had waited its time.
  expect(harness.records.filter((record) => record.latencyMs > 150)).toHaveLength(1);
  open[0]!.end("done");
  expect((await first).body).toBe("done");
});

test("a caller that leaves while it waits for its turn leaves no trace at the app", async () => {
  harness = await createHarness({ limits: { concurrencyPerInstance: 1 } });
  const open: ServerResponse[] = [];
  await harness.awake((_req, res) => void open.push(res));
  const first = harness.get("/first");
  await until(() => open.length === 1);
  const socket = harness.open();
  socket.write(`GET /left HTTP/1.1\r\nHost: ${harness.host}\r\n\r\n`);
  const third = harness.get("/third");
  await until(() => harness.received() === 3);
  socket.destroy();
  await until(() => harness.records.length === 1);
  expect(harness.records[0]).toMatchObject({ path: "/left", status: 499, instanceId: null });
  open[0]!.end();
  await first;
  await until(() => open.length === 2);
  open[1]!.end();
  expect((await third).status).toBe(200);
});

test("streams of events and WebSockets do not take the room of requests", async () => {
  harness = await createHarness({ limits: { concurrencyPerInstance: 1 } });
  const { server } = await harness.awake((req, res) => {
    if (req.url === "/events") res.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    else res.end("plain");
  });
  server.on("upgrade", (_req, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.on("end", () => socket.end());
  });
  const sockets = [
    `GET /events HTTP/1.1\r\nHost: ${harness.host}\r\n\r\n`,
    `GET /events HTTP/1.1\r\nHost: ${harness.host}\r\n\r\n`,
    `GET /ws HTTP/1.1\r\nHost: ${harness.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  ].map((text) => {
    const socket = harness.open();
    socket.write(text);
    return socket;
  });
  for (const socket of sockets) await new Promise((resolve) => socket.once("data", resolve));
  expect(harness.runtime.entered).toBe(3);
  expect((await harness.get("/")).body).toBe("plain");
  for (const socket of sockets) socket.destroy();
  await until(() => harness.runtime.entered === 0);
});

test("a thousand that waited for a wake reach the app a few at a time, and all are answered", async () => {
  harness = await createHarness({ limits: { concurrencyPerInstance: 20 } });
  let now = 0;
  let most = 0;
  const instance = await harness.serve("woken", (_req, res) => {
    now += 1;
    most = Math.max(most, now);
    setImmediate(() => {
      now -= 1;
      res.end("ok");
    });
  });
  const woken = Promise.withResolvers<void>();
  harness.runtime.onWake = async () => {
    await woken.promise;
    harness.runtime.ready = [instance.endpoint];
    return { endpoint: instance.endpoint, waitedMs: 20 };
  };
  const answers = Array.from({ length: 1_000 }, () => harness.get("/"));
  await until(() => harness.runtime.wakes === 1);
  const all = Promise.all(answers);
  // All of them are in before it wakes.
  await until(() => harness.received() === 1_000, 15_000);
  woken.resolve();
  expect((await all).map((answer) => answer.status)).toEqual(Array.from({ length: 1_000 }, () => 200));
  expect(most).toBeLessThanOrEqual(20);
});

test("a body over the limit is refused: at once when it is announced, else as soon as it is", async () => {
  harness = await createHarness({ limits: { bodyBytes: 1_000_000 } });
  let reached = 0;
  let aborted = 0;
  await harness.awake((req) => {
    reached += 1;
    req.resume();
    req.on("error", () => {});
    req.on("close", () => (aborted += 1));
  });
  const announced = await harness.get("/", { method: "POST", body: Buffer.alloc(1_000_001) });
  expect([announced.status, codeOf(announced.body), reached]).toEqual([413, "body_too_large", 0]);
  expect(announced.body).toContain("1 MB");
  const chunked = await harness.get("/", { method: "POST", headers: { "transfer-encoding": "chunked" }, body: Buffer.alloc(3_000_000) });
  expect([chunked.status, codeOf(chunked.body)]).toEqual([413, "body_too_large"]);
  await until(() => reached === 1 && aborted === 1);
  expect(harness.records.map((record) => [record.status, record.answeredBy])).toEqual([
    [413, "gateway"],
    [413, "gateway"],
  ]);
  expect(harness.runtime.entered).toBe(0);
});

test("a body of just the limit passes", async () => {
  harness = await createHarness({ limits: { bodyBytes: 1_000_000 } });
  await harness.awake((req, res) => void req.pipe(res));
  const headers = { "transfer-encoding": "chunked" };
  expect((await harness.get("/", { method: "POST", headers, body: Buffer.alloc(1_000_000, "x") })).body).toHaveLength(1_000_000);
});
