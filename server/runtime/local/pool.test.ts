import { expect, onTestFinished, test } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { createPool, type Pool, type PoolOptions } from "./pool.ts";
import type { Runner } from "./runner-process.ts";

interface Counted {
  pool: Pool;
  started: () => number;
  /** Instance numbers that were ended by the pool. */
  killed: number[];
  /** Lets the runner of that number end by itself. */
  end: (number: number) => void;
}

/** Runners that are warm at once and whose starts can be counted: what is tested is when the pool starts one, not what a runner is. */
function createCountedPool(
  size: number,
  change: Partial<PoolOptions> = {},
  warm: (number: number) => Promise<void> = async () => {},
): Counted {
  let started = 0;
  const killed: number[] = [];
  const ends = new Map<number, () => void>();
  const start = (): Runner => {
    started += 1;
    const number = started;
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    ends.set(number, resolve);
    const kill = () => {
      killed.push(number);
      resolve();
      return exited;
    };
    return { pid: number, warm: warm(number), exited, kill } as unknown as Runner;
  };
  const pool = createPool({ size, mostStarting: 2, start, onFailure: () => {}, warmTimeoutMs: 1_000, ...change });
  onTestFinished(() => pool.close());
  return { pool, started: () => started, killed, end: (number) => ends.get(number)!() };
}

test("fills at once when nothing was taken yet", async () => {
  const { pool, started } = createCountedPool(2);
  pool.refill();
  expect(started()).toBe(2);
  await waitFor("both are warm", () => pool.idle === 2);
  expect(pool.stats()).toEqual({
    warmTakes: 0,
    coldTakes: 0,
    idle: 2,
    starting: 0,
    wanted: 2,
    startMs: expect.any(Number),
    runnerBytes: null,
  });
});

test("starts the next runner only after the app that took one has had time to answer", async () => {
  const { pool, started } = createCountedPool(2, { rules: { restMs: 150, longestRestMs: 60_000 } });
  pool.refill();
  await waitFor("both are warm", () => pool.idle === 2);
  await pool.take();
  expect(started()).toBe(2);
  const answeredAt = performance.now();
  pool.refill();
  expect(started()).toBe(2);
  await waitFor("it is replaced", () => started() === 3);
  expect(performance.now() - answeredAt).toBeGreaterThan(140);
});

test("does not wait for an app that takes long to answer", async () => {
  const { pool, started } = createCountedPool(2, { rules: { restMs: 60_000, longestRestMs: 100 } });
  pool.refill();
  await waitFor("both are warm", () => pool.idle === 2);
  await pool.take();
  await waitFor("it is replaced", () => started() === 3);
});

test("does not let anybody wait for that who finds the pool empty", async () => {
  const { pool, started } = createCountedPool(1, { rules: { restMs: 60_000, longestRestMs: 60_000 } });
  pool.refill();
  await waitFor("one is warm", () => pool.idle === 1);
  await pool.take();
  pool.refill();
  const second = pool.take();
  expect(started()).toBeGreaterThan(1);
  await second;
  expect(pool.stats()).toMatchObject({ warmTakes: 1, coldTakes: 1 });
});

test("who asks first is served first, and who stops asking is not served", async () => {
  const gates = new Map<number, () => void>();
  const { pool } = createCountedPool(0, { mostStarting: 3 }, (number) => new Promise((resolve) => gates.set(number, resolve)));
  const leaving = new AbortController();
  const order: string[] = [];
  const asking = ["first", "second", "third"].map((name) =>
    pool.take(name === "second" ? leaving.signal : undefined).then(
      () => order.push(name),
      () => order.push(`${name} left`),
    ),
  );
  leaving.abort();
  await waitFor("it left", () => order.length === 1);
  for (const number of [3, 1]) gates.get(number)!();
  await Promise.all(asking);
  expect(order).toEqual(["second left", "first", "third"]);
});

test("grows while wakes come fast, and ends what is too many when they stop", async () => {
  const { pool, killed } = createCountedPool(1, { mostStarting: 8, rules: { holdMs: 2_000, restMs: 1, longestRestMs: 5 } });
  pool.refill();
  await Promise.all(Array.from({ length: 8 }, () => pool.take().then(pool.refill)));
  expect(pool.stats().wanted).toBeGreaterThanOrEqual(8);
  await waitFor("it has grown", () => pool.idle >= 8);
  await waitFor("it is small again", () => pool.idle === 1);
  expect(pool.stats().wanted).toBe(1);
  expect(killed.length).toBeGreaterThanOrEqual(7);
});

test("replaces a runner that ended, and one that has waited too long when the next is warm", async () => {
  const { pool, started, killed, end } = createCountedPool(1, { rules: { oldestMs: 400 } });
  pool.refill();
  await waitFor("one is warm", () => pool.idle === 1);
  end(1);
  await waitFor("it is replaced", () => started() === 2 && pool.idle === 1);
  await waitFor("the old one is ended", () => killed.includes(2));
  expect(killed).not.toContain(1);
  expect(started()).toBeGreaterThanOrEqual(3);
  expect(pool.idle).toBeGreaterThan(0);
});

test("one failed start is tried again for who waits; two in a row are told, and the pool pauses", async () => {
  const told: string[] = [];
  const fails = new Set([1, 3, 4]);
  const { pool, started } = createCountedPool(0, { mostStarting: 1, onFailure: (message) => told.push(message) }, async (number) => {
    if (fails.has(number)) throw new Error(`start ${number} failed`);
  });
  await pool.take();
  expect(told).toEqual(["start 1 failed"]);
  await expect(pool.take()).rejects.toThrow("start 4 failed");
  await pool.take();
  expect(started()).toBe(5);
});

test("ends what waits and what starts when it is closed, and refuses who asks", async () => {
  const { pool, killed } = createCountedPool(2, {}, (number) => (number === 1 ? Promise.resolve() : new Promise(() => {})));
  pool.refill();
  await waitFor("one is warm", () => pool.idle === 1);
  await pool.close();
  expect(new Set(killed)).toEqual(new Set([1, 2]));
  await expect(pool.take()).rejects.toThrow("stopped");
});
