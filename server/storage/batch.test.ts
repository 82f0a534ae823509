import { expect, test } from "vitest";
import { createBatch } from "./batch.ts";

test("items are written together and in order", async () => {
  const writes: number[][] = [];
  const batch = createBatch<number>(async (items) => void writes.push(items));
  for (const item of [1, 2, 3]) batch.add(item);
  await batch.flush();
  expect(writes).toEqual([[1, 2, 3]]);
});

test("what could not be written is kept for the next try", async () => {
  let away = true;
  const written: number[] = [];
  const batch = createBatch<number>(async (items) => {
    if (away) throw new Error("The database is away.");
    written.push(...items);
  });
  batch.add(1);
  await batch.flush();
  batch.add(2);
  away = false;
  await batch.flush();
  expect(written).toEqual([1, 2]);
});

test("more than can wait is dropped and counted", async () => {
  const batch = createBatch<number>(() => Promise.reject(new Error("away")), 2);
  for (let item = 0; item < 50; item += 1) batch.add(item);
  expect(batch.dropped).toBe(10);
  await batch.flush();
});
