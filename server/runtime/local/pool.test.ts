import { expect, test } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { createPool, type Pool } from "./pool.ts";
import type { Runner } from "./runner-process.ts";

/** Runners that are warm at once and whose starts can be counted: what is tested is when the pool starts one, not what a runner is. */
function createCountedPool(size: number): { pool: Pool; started: () => number } {
  let started = 0;
  const start = (): Runner => {
    started += 1;
    const exited = new Promise<never>(() => {});
    return { warm: Promise.resolve(), exited, kill: () => Promise.resolve() } as unknown as Runner;
  };
  const pool = createPool({ size, mostStarting: 2, start, onFailure: () => {}, warmTimeoutMs: 1_000 });
  return { pool, started: () => started };
}

test("fills at once when nothing was taken yet", async () => {
  const { pool, started } = createCountedPool(2);
  pool.refill();
  expect(started()).toBe(2);
  await waitFor("both are warm", () => pool.idle === 2);
  await pool.close();
});

test("starts the next runner only after the app that took one has had time to answer", async () => {
  const { pool, started } = createCountedPool(2);
  pool.refill();
  await waitFor("both are warm", () => pool.idle === 2);
  await pool.take();
  const takenAt = performance.now();
  pool.refill();
  expect(started()).toBe(2);
  await waitFor("it is replaced", () => started() === 3);
  expect(performance.now() - takenAt).toBeGreaterThan(100);
  await pool.close();
});

test("does not let anybody wait for that who finds the pool empty", async () => {
  const { pool, started } = createCountedPool(1);
  pool.refill();
  await waitFor("one is warm", () => pool.idle === 1);
  await pool.take();
  pool.refill();
  const second = pool.take();
  expect(started()).toBeGreaterThan(1);
  await second;
  await pool.close();
});
