import { afterEach, beforeEach, expect, test } from "vitest";
import { AppError } from "#core/contract/problem.ts";
import type { WakeResult } from "#server/runtime/runtime.ts";
import { createHarness, until } from "./harness.test-part.ts";
import type { Answer, Harness } from "./harness.test-part.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(() => harness.close());

const NAVIGATION = { accept: "text/html,*/*", "sec-fetch-mode": "navigate" };

/** Makes the app asleep, to be woken by hand: the returned function lets the wake succeed. */
async function asleep(): Promise<() => void> {
  const instance = await harness.serve("woken", (req, res) => void req.pipe(res));
  const { promise, resolve } = Promise.withResolvers<WakeResult>();
  harness.runtime.onWake = () => promise;
  return () => {
    harness.runtime.ready = [instance.endpoint];
    resolve({ endpoint: instance.endpoint, waitedMs: 20 });
  };
}

test("however many ask, the app is woken once; the first to be forwarded carries the cold start", async () => {
  const wake = await asleep();
  const answers = Array.from({ length: 50 }, () => harness.get("/", { method: "POST", body: "body" }));
  await until(() => harness.runtime.wakes === 1);
  wake();
  for (const answer of await Promise.all(answers)) expect([answer.status, answer.body]).toEqual([200, "body"]);
  expect(harness.runtime.wakes).toBe(1);
  expect(harness.records.filter((record) => record.coldStartMs !== null)).toHaveLength(1);
  expect(harness.runtime.entered).toBe(0);
});

test("a held request is not read: its body waits at the caller until the app is there", async () => {
  const wake = await asleep();
  const socket = harness.open();
  socket.write(`POST / HTTP/1.1\r\nHost: ${harness.host}\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n`);
  await until(() => harness.runtime.wakes === 1);
  const piece = Buffer.alloc(1_000_000);
  let stuck = false;
  for (let sent = 0; sent < 100 && !stuck; sent += 1) {
    if (!socket.write(piece))
      stuck = await Promise.race([
        new Promise<boolean>((resolve) => socket.once("drain", () => resolve(false))),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 200)),
      ]);
  }
  expect(stuck).toBe(true);
  socket.destroy();
  wake();
  await until(() => harness.records.length === 1);
  // That the caller left shows when it is read again, not before.
  expect(harness.records[0]).toMatchObject({ aborted: "client" });
});

test("a browser that waits gets a page that asks again by itself; a program keeps waiting", async () => {
  await harness.close();
  harness = await createHarness({ limits: { wakingPageAfterMs: 50 } });
  const wake = await asleep();
  const program = harness.get("/", { headers: { accept: "*/*" } });
  const page = await harness.get("/", { headers: NAVIGATION });
  expect(page.status).toBe(503);
  expect(page.headers).toMatchObject({
    "cache-control": "no-store",
    "retry-after": "1",
    "x-fp-waking": "1",
    "content-type": "text/html; charset=utf-8",
  });
  expect(page.body).toContain(`<meta http-equiv="refresh" content="1">`);
  wake();
  expect((await program).status).toBe(200);
  expect(harness.records[0]).toMatchObject({ status: 503, answeredBy: "gateway", coldStartMs: null });
});

test("past the number that may wait, and past the time, the answer is 503 with Retry-After", async () => {
  await harness.close();
  harness = await createHarness({ limits: { waitingPerApp: 2, wakeWaitMs: 150 } });
  await asleep();
  const waiting = [harness.get("/"), harness.get("/")];
  await until(() => harness.runtime.wakes === 1);
  const third = await harness.get("/");
  expect(third).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
  expect(JSON.parse(third.body).code).toBe("too_many_requests_waiting");
  for (const answer of await Promise.all(waiting)) {
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(JSON.parse(answer.body).code).toBe("app_waking");
  }
});

test("the limit of requests in flight is per app, and answered with Retry-After", async () => {
  await harness.close();
  harness = await createHarness({ limits: { inFlightPerApp: 1 } });
  const held: (() => void)[] = [];
  await harness.awake((_req, res) => void held.push(() => res.end("done")));
  const first = harness.get("/");
  await until(() => held.length === 1);
  expect(await harness.get("/")).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  held[0]!();
  expect((await first).body).toBe("done");
});

test("an app that cannot be started: plain words for the visitor, and nothing of its error", async () => {
  harness.runtime.onWake = () =>
    Promise.reject(new AppError("app_failed", "ImportError: secret thing", { extra: { error: { message: "secret" } } }));
  const page = await harness.get("/", { headers: NAVIGATION });
  expect(page.status).toBe(502);
  expect(page.body).toContain("could not be started");
  expect(page.body).toContain(harness.records[0]!.id);
  expect(page.body).not.toContain("secret");
  harness.runtime.onWake = () => Promise.reject(new AppError("not_deployed", "Nothing is live"));
  expect(JSON.parse((await harness.get("/")).body)).toMatchObject({ status: 503, code: "app_not_deployed" });
});

test("a runtime that has no room is a 503", async () => {
  harness.runtime.onWake = () => Promise.reject(new AppError("runtime_unavailable", "full"));
  expect(await harness.get("/")).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
});

test("a stopped app says why and does not wake; one without a version and an unknown host likewise", async () => {
  Object.assign(harness.route, { state: "stopped", reason: "paused by <admin>" });
  expect(JSON.parse((await harness.get("/")).body)).toMatchObject({ status: 503, code: "app_stopped", detail: "Paused by <admin>." });
  expect((await harness.get("/", { headers: NAVIGATION })).body).toContain("Paused by &lt;admin&gt;.");
  harness.route.state = "never";
  expect(JSON.parse((await harness.get("/")).body)).toMatchObject({ status: 503, code: "app_not_deployed" });
  expect((await harness.get("/", { host: "other.localhost:3000" })).status).toBe(404);
  expect((await harness.get("/", { host: "evil.example" })).status).toBe(404);
  const isApp = ["notes.localhost:3000", "evil.example", undefined, "localhost:3000", "127.0.0.1:3000", "[::1]:3000"].map((host) =>
    harness.gateway.isAppHost(host),
  );
  expect(isApp).toEqual([true, true, true, false, false, false]);
  expect(harness.runtime.wakes).toBe(0);
  expect(harness.records).toHaveLength(3);
});

test("an instance that takes no more requests when one is to be counted in is left alone, and the next one answers", async () => {
  await asleep();
  const { runtime } = harness;
  const reached: string[] = [];
  const [ending, next] = [
    await harness.serve("ending", (_req, res) => void res.end("ending")),
    await harness.serve("next", (_req, res) => void res.end("next")),
  ];
  const count = runtime.enter;
  runtime.enter = (appId, instanceId) => {
    reached.push(instanceId);
    return instanceId === "ending" ? null : count(appId, instanceId);
  };
  // Woken, and put to sleep before whoever waited was told.
  runtime.onWake = async () => {
    const woken = runtime.wakes === 1 ? ending : next;
    return { endpoint: woken.endpoint, waitedMs: 5 };
  };
  expect(await harness.get("/", { method: "POST", body: "x" })).toMatchObject({ status: 200, body: "next" });
  expect(reached).toEqual(["ending", "next"]);
  expect(runtime.entered).toBe(0);
});

test("an instance that is gone without a word: the request never reached it, and goes to the next", async () => {
  const live = await harness.serve("live", (req, res) => void req.pipe(res));
  harness.runtime.ready = [{ instanceId: "dead", version: 1, socketPath: "/nonexistent/app.sock" }, live.endpoint];
  const answers: Answer[] = [];
  for (let i = 0; i < 5; i += 1) answers.push(await harness.get("/", { method: "POST", body: "kept" }));
  expect(answers.map((answer) => [answer.status, answer.body])).toEqual(Array.from({ length: 5 }, () => [200, "kept"]));
  expect(harness.records.every((record) => record.instanceId === "live")).toBe(true);
});

test("the only instance refuses connections, then is listed no more: the app is woken again", async () => {
  const wake = await asleep();
  harness.runtime.ready = [{ instanceId: "dead", version: 1, socketPath: "/nonexistent/app.sock" }];
  const answer = harness.get("/", { method: "POST", body: "kept" });
  await until(() => harness.runtime.enters > 0);
  harness.runtime.ready = [];
  await until(() => harness.runtime.wakes === 1);
  wake();
  expect((await answer).body).toBe("kept");
});

test("an instance that never accepts is a 502 in the end", async () => {
  await harness.close();
  harness = await createHarness({ limits: { connectMs: 150 } });
  harness.runtime.ready = [{ instanceId: "dead", version: 1, socketPath: "/nonexistent/app.sock" }];
  expect((await harness.get("/")).status).toBe(502);
  expect(harness.runtime.entered).toBe(0);
});

test("421 from the wrong instance: asked of another one, unless a body was already given away", async () => {
  const wrong = await harness.serve("wrong", (req, res) => {
    req.resume();
    req.on("end", () => res.writeHead(421).end());
  });
  const right = await harness.serve("right", (_req, res) => res.end("right"));
  harness.runtime.ready = [wrong.endpoint, right.endpoint];
  expect((await harness.get("/")).body).toBe("right");
  harness.runtime.ready = [wrong.endpoint];
  expect((await harness.get("/", { method: "POST", body: "x" })).status).toBe(421);
});

test("a request that the app may have seen is not sent again", async () => {
  let seen = 0;
  await harness.awake((req) => {
    seen += 1;
    req.socket.destroy();
  });
  expect((await harness.get("/")).status).toBe(502);
  expect((await harness.get("/", { method: "POST", body: "x" })).status).toBe(502);
  expect(seen).toBe(2);
});
