import { afterEach, expect, test } from "vitest";
import { AppTable } from "./apps.ts";
import { createFakeRuntime, createHarness, until } from "./harness.test-part.ts";
import type { Harness } from "./harness.test-part.ts";
import { defaultLimits } from "./limits.ts";
import { createSleeper } from "./sleeper.ts";

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

test("an app sleeps once nothing has come in for its time; an open stream keeps it awake", async () => {
  harness = await createHarness({ sweepEveryMs: 10 });
  const { route, runtime } = harness;
  route.sleepAfterMs = 80;
  let finish = (): void => {};
  await harness.awake((_req, res) => {
    res.write("begun");
    finish = () => res.end();
  });
  const answer = harness.get("/stream");
  await until(() => runtime.entered === 1);
  const begun = performance.now();
  await until(() => performance.now() - begun > 200);
  expect(runtime.sleeps).toEqual([]);
  finish();
  const ended = performance.now();
  await answer;
  await until(() => runtime.sleeps.length > 0);
  expect(performance.now() - ended).toBeGreaterThanOrEqual(75);
  expect(runtime.sleeps).toEqual(["a1"]);
});

test("an app that woke or was deployed and is never called sleeps as well, without counting as active", async () => {
  harness = await createHarness({ sweepEveryMs: 10 });
  const { route, runtime, activity } = harness;
  route.sleepAfterMs = 30;
  await harness.awake((_req, res) => res.end());
  runtime.emit({ type: "awake", appId: "a1" });
  await until(() => runtime.sleeps.length > 0);
  expect(activity).toEqual([]);
});

test("activity is reported once per change, in batches, and again after a failure", async () => {
  let failing = true;
  const reports: Map<string, Date>[] = [];
  const runtime = createFakeRuntime();
  const apps = new AppTable(runtime, defaultLimits, { warn: () => {}, error: () => {} });
  const sleeper = createSleeper({
    putsToSleep: true,
    apps,
    runtime,
    sleepAfterDefaultMs: 60_000,
    sweepEveryMs: 3_600_000,
    routes: { find: () => undefined, findById: () => undefined, describe: async () => undefined },
    logger: { warn: () => {}, error: () => {} },
    onActivity: (active) => {
      reports.push(active);
      if (failing) throw new Error("database away");
    },
  });
  apps.of("a1", 60_000).lastActiveAt = 1_000;
  apps.of("a2", 60_000).lastActiveAt = 2_000;
  await sleeper.sweep();
  failing = false;
  await sleeper.sweep();
  await sleeper.sweep();
  expect(reports.map((report) => [...report.keys()])).toEqual([
    ["a1", "a2"],
    ["a1", "a2"],
  ]);
  // Nothing is kept of apps that are asleep and were reported.
  expect([...apps.states()]).toEqual([]);
});

test("the test panel's way in: wakes, reaches only that app, follows no redirect, is recorded, cuts at 10 MB", async () => {
  harness = await createHarness();
  const { gateway, runtime, records } = harness;
  const instance = await harness.serve("woken", (req, res) => {
    if (req.url === "/away") res.writeHead(302, { location: "http://elsewhere.example/" }).end();
    else if (req.url === "/big") for (let i = 0; i < 12; i += 1) res.write(Buffer.alloc(1_000_000));
    else {
      res.setHeader("x-host", req.headers.host ?? "");
      res.setHeader("x-cookie", req.headers.cookie ?? "");
      req.pipe(res);
    }
  });
  runtime.onWake = async () => {
    runtime.ready = [instance.endpoint];
    return { endpoint: instance.endpoint, waitedMs: 7 };
  };
  const first = await gateway.forwardInternal({
    appId: "a1",
    method: "POST",
    path: "/echo?a=1",
    headers: { Host: "evil", Cookie: "fp.session=1; a=2" },
    body: "héllo",
  });
  expect([first.status, first.body.toString(), first.truncated]).toEqual([200, "héllo", false]);
  expect(first.coldStartMs).toBeGreaterThanOrEqual(0);
  expect(first.headers).toContainEqual(["x-host", "notes.localhost:3000"]);
  expect(first.headers).toContainEqual(["x-cookie", "a=2"]);
  expect((await gateway.forwardInternal({ appId: "a1", method: "GET", path: "/away" })).status).toBe(302);
  const big = await gateway.forwardInternal({ appId: "a1", method: "GET", path: "/big" });
  expect([big.body.length, big.truncated]).toEqual([10_000_000, true]);
  expect(records.map((record) => [record.path, record.status])).toEqual([
    ["/echo", 200],
    ["/away", 302],
    ["/big", 200],
  ]);
  const heard: unknown[] = [];
  let bytes = 0;
  const watched = await gateway.forwardInternal({
    appId: "a1",
    method: "GET",
    path: "/big",
    watch: { onHead: ({ status }) => heard.push(status), onBytes: (piece) => (bytes += piece.length) },
  });
  // Told as it comes, up to the same size, and not kept.
  expect([heard, bytes, watched.body.length, watched.truncated]).toEqual([[200], 10_000_000, 0, true]);
  // The low byte of U+010A is a line feed: written as latin1 it would end the line.
  for (const path of ["/a b", "/a\u010aX: y", "/a\nb", "/\0"])
    await expect(gateway.forwardInternal({ appId: "a1", method: "GET", path }), path).rejects.toMatchObject({ code: "invalid_request" });
  for (const headers of [{ "x-a": "b\u010d\u010ac: d" }, { "x-a": "b\r\nc: d" }, { "x a": "b" }, { "": "b" }] as Record<string, string>[])
    await expect(gateway.forwardInternal({ appId: "a1", method: "GET", path: "/", headers })).rejects.toMatchObject({
      code: "invalid_request",
    });
  await expect(gateway.forwardInternal({ appId: "a1", method: "GET", path: "//evil/" })).rejects.toMatchObject({ code: "invalid_request" });
  await expect(gateway.forwardInternal({ appId: "nobody", method: "GET", path: "/" })).rejects.toMatchObject({ code: "not_found" });
  harness.route.state = "stopped";
  expect((await gateway.forwardInternal({ appId: "a1", method: "GET", path: "/" })).status).toBe(503);
  expect(runtime.entered).toBe(0);
});
