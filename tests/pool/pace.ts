/** Wakes at a pace, on real runners: what the pool's test and `npm run bench -- pool` have in common. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createLocalRuntime, type LocalRuntime, type LocalRuntimeOptions } from "#server/runtime/local/index.ts";
import type { InstanceSpec } from "#server/runtime/runtime.ts";
import { ask, defaultLimits } from "../conformance/world.ts";
import { waitFor } from "../wait.ts";

const helloCode = `from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str


@app.get("/")
def hello():
    return {"hello": "world"}


@app.post("/")
def add(item: Item):
    return item
`;

export interface PoolWorld {
  readonly runtime: LocalRuntime;
  /** Apps that sleep and answer 200 when they are woken. */
  readonly apps: readonly string[];
  close(): Promise<void>;
}

/** A runtime whose pool is full, with so many sleeping apps of one `app.py`. */
export async function openPoolWorld(
  python: string,
  count: number,
  options: Pick<LocalRuntimeOptions, "warmPool"> & Partial<LocalRuntimeOptions>,
  code = helloCode,
): Promise<PoolWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), "fp-"));
  const apps = Array.from({ length: count }, (_, index) => `app${index}`);
  const specOf = async (appId: string): Promise<InstanceSpec> => ({
    appId,
    slug: appId,
    version: 1,
    bundleHash: "a".repeat(64),
    readFiles: async () => ({ "app.py": code }),
    entrypoint: "app.py",
    env: {},
    sessionKey: "key",
    database: null,
    limits: defaultLimits,
  });
  const runtime = createLocalRuntime({
    dataDir,
    python,
    runnerDir: join(import.meta.dirname, "../../runner"),
    mongo: { address: () => ({ host: "127.0.0.1", port: 9 }) },
    specOf,
    logger: { info: () => {}, warn: (message) => process.stderr.write(`${message}\n`) },
    ...options,
  });
  await runtime.start();
  await waitFor("the pool is full", () => runtime.warmRunners === options.warmPool, 60_000);
  return {
    runtime,
    apps,
    close: async () => {
      await runtime.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface PaceResult {
  wakes: number;
  /** Of the wakes' runners, how many were warm when they were asked for. */
  warmShare: number;
  /** From the call to an answer of 200, ms, in the order of the calls. */
  answeredMs: number[];
  /** The pool ten times a second. */
  sizes: { atMs: number; idle: number; wanted: number; bytes: number }[];
  /** Wakes that began later than they should have, since this process or the machine was busy: ms of the latest. */
  latestMs: number;
}

/** Wakes an app every so often, at times as random as visitors', asks it once, and puts it to sleep again. @throws Error when one does not answer 200. */
export async function wakeAtPace({ runtime, apps }: PoolWorld, perSecond: number, forMs: number): Promise<PaceResult> {
  const before = runtime.poolStats()!;
  const started = performance.now();
  const answeredMs: number[] = [];
  const sizes: PaceResult["sizes"] = [];
  const running: Promise<void>[] = [];
  const asleep = [...apps];
  let latestMs = 0;
  const look = setInterval(() => sizes.push({ atMs: performance.now() - started, ...sizeOf(runtime) }), 100);
  const wakeOne = async (appId: string, index: number): Promise<void> => {
    const from = performance.now();
    const { endpoint } = await runtime.wake(appId);
    const answer = await ask(endpoint, "/");
    if (answer.status !== 200) throw new Error(`${appId} answered ${answer.status}: ${answer.text}`);
    answeredMs[index] = performance.now() - from;
    await runtime.sleep(appId, { force: true });
  };
  try {
    let index = 0;
    for (let dueMs = 0; ;) {
      dueMs -= (Math.log(1 - Math.random()) * 1000) / perSecond;
      if (dueMs >= forMs) break;
      const early = started + dueMs - performance.now();
      if (early > 0) await delay(early);
      // On a machine that cannot keep up all are awake at times: then the pace is what it can.
      while (asleep.length === 0) await delay(5);
      latestMs = Math.max(latestMs, performance.now() - started - dueMs);
      const appId = asleep.shift()!;
      const woken = wakeOne(appId, index++).finally(() => asleep.push(appId));
      // Heard of below, when all are over.
      woken.catch(() => {});
      running.push(woken);
    }
    await Promise.all(running);
  } finally {
    clearInterval(look);
    await Promise.allSettled(running);
  }
  const { warmTakes, coldTakes } = runtime.poolStats()!;
  const warm = warmTakes - before.warmTakes;
  return { wakes: running.length, warmShare: warm / (warm + coldTakes - before.coldTakes), answeredMs, sizes, latestMs };
}

/** Wakes as many a second as the machine manages, by so many at a time. */
export async function wakeWithoutPause({ runtime, apps }: PoolWorld, atOnce: number, forMs: number): Promise<number> {
  const started = performance.now();
  const asleep = [...apps];
  let wakes = 0;
  const work = async (): Promise<void> => {
    while (performance.now() - started < forMs) {
      const appId = asleep.shift()!;
      await ask((await runtime.wake(appId)).endpoint, "/");
      wakes += 1;
      // Its end is not waited for by a visitor, and so not here.
      void runtime.sleep(appId, { force: true }).then(() => asleep.push(appId));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const perSecond = (wakes * 1000) / (performance.now() - started);
  await waitFor("all sleep", () => asleep.length === apps.length);
  return perSecond;
}

/** Waits until the pool holds no more than `least`; ms. */
export async function untilSmall(runtime: LocalRuntime, least: number): Promise<number> {
  const started = performance.now();
  await waitFor("the pool is small again", () => runtime.warmRunners <= least && runtime.poolStats()!.wanted === least, 90_000);
  return performance.now() - started;
}

function sizeOf(runtime: LocalRuntime): { idle: number; wanted: number; bytes: number } {
  const { idle, wanted, runnerBytes } = runtime.poolStats()!;
  return { idle, wanted, bytes: idle * (runnerBytes ?? 0) };
}
