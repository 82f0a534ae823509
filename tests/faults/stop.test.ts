/** Told to stop in the middle of something, the platform ends in time, answers whoever waits, and leaves nothing behind. */
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { findLeftovers } from "./leftovers.ts";

/** Takes its time at import, so that a stop comes in the middle of it. */
const slow = (seconds: number): Record<string, string> => ({
  "app.py": `import time\nprint("loading")\ntime.sleep(${seconds})\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get("/")\ndef root():\n    return "slow"\n`,
});
/** Twice what apps get for their end, and the database as much again; a stop that hangs would take a minute. */
const stopsWithinMs = 40_000;

let temporary: string;
let platform: TestPlatform;
let token: string;
let app: { id: string; slug: string };
const pids: number[] = [];

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "fp-stop-"));
  platform = await startPlatform({ TMPDIR: temporary });
  ({ token } = await platform.signUp());
  app = await platform.deploy(token, "slow", slow(3));
}, 180_000);
afterAll(async () => {
  await platform?.stop();
  if (temporary) rmSync(temporary, { recursive: true, force: true });
}, 60_000);

/** Sends the signal and judges the end from outside. */
async function stopBy(signal: NodeJS.Signals): Promise<void> {
  pids.push(platform.pid);
  const { port } = JSON.parse(readFileSync(join(platform.dataDir, "mongo/server.json"), "utf8")) as { port: number };
  const traces = { dataDir: platform.dataDir, temporary, pids, ports: [platform.port, port] };
  const startedAt = performance.now();
  process.kill(platform.pid, signal);
  await platform.ended();
  expect(performance.now() - startedAt).toBeLessThan(stopsWithinMs);
  await waitFor("nothing is left", async () => (await findLeftovers(traces)).length === 0, 5_000).catch(() => undefined);
  expect(await findLeftovers(traces)).toEqual([]);
}

/** How often the app was imported, as its log has it. */
async function countLoads(): Promise<number> {
  const { items } = await platform.api<{ items: { text: string }[] }>(token, "GET", `/api/apps/${app.id}/logs?tail=1000`);
  return items.filter(({ text }) => text === "loading").length;
}

const isLive = async (): Promise<number | null> =>
  (await platform.api<{ liveVersion: number }>(token, "GET", `/api/apps/${app.id}`)).liveVersion;

test.each(["SIGINT", "SIGTERM"] as const)("%s during a deployment: it is over, and the version before is live", async (signal) => {
  const before = await isLive();
  const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, { files: slow(20) });
  await waitFor("it is being loaded", async () => {
    const { events } = await platform.api<{ events: { stage: string }[] }>(token, "GET", `/api/deployments/${deploymentId}`);
    return events.some(({ stage }) => stage === "starting");
  });
  await stopBy(signal);
  await platform.restart();
  const deployment = await platform.api(token, "GET", `/api/deployments/${deploymentId}`);
  expect(deployment).toMatchObject({ state: "failed", error: expect.stringContaining("stopped during this deployment") });
  expect(await isLive()).toBe(before);
  expect((await platform.callApp(app.slug, "/")).json()).toBe("slow");
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s while an app wakes: who waits is still answered, and the app wakes after the restart",
  async (signal) => {
    await platform.api(token, "POST", `/api/apps/${app.id}/sleep`);
    const before = await countLoads();
    const waiting = platform.callApp(app.slug, "/").then(
      ({ status }) => status,
      (error: Error) => error.message,
    );
    await waitFor("it wakes", async () => (await countLoads()) > before);
    await stopBy(signal);
    // Requests in flight get time when the platform stops, and one that waits for a wake is in flight.
    expect(await waiting).toBe(200);
    await platform.restart();
    expect((await platform.callApp(app.slug, "/")).json()).toBe("slow");
  },
);
