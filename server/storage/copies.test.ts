import fc from "fast-check";
import mongoose from "mongoose";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { connectStorage, createCopies, type Copies, type Storage } from "./index.ts";

let storage: Storage;
beforeAll(async () => void (storage = await connectStorage(createTestDatabase().url)));
afterAll(() => storage.close());

const schema = new mongoose.Schema({ _id: String, value: Number, changedAt: Date }, { versionKey: false });
let collections = 0;

/** A collection of its own with copies of it; `loads` counts how often it was read. */
async function createWorld(replicated: boolean, change: { most?: number; mostBytes?: number } = {}) {
  const model = storage.connection.model(`Copied${(collections += 1)}`, schema);
  await model.createCollection();
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const world = { loads: 0, model, stop };
  const copies: Copies<number> = createCopies({
    model: model as never,
    storage: { ...storage, replicated },
    load: async (id) => {
      world.loads += 1;
      return (await model.findById(id).lean())?.value ?? 0;
    },
    sizeOf: () => 10,
    most: change.most ?? 100,
    mostBytes: change.mostBytes ?? 10_000,
  });
  const write = (id: string, value: number) =>
    model.updateOne({ _id: id }, { $set: { value, changedAt: new Date() } }, { upsert: true }).then(() => undefined);
  const hears = async () => {
    copies.start(stop.signal);
    await waitFor("copies are kept", async () => (await copies.get("first")) === 0 && copies.size > 0);
  };
  return { ...world, copies, write, hears, loads: () => world.loads };
}

describe.each([
  ["change streams", true],
  ["polling", false],
])("with %s", (_how, replicated) => {
  test("a copy is read once and given often", async () => {
    const { copies, write, hears, loads } = await createWorld(replicated);
    await write("a", 1);
    await hears();
    expect(await copies.get("a")).toBe(1);
    // What was written a moment ago may still be told of.
    await waitFor("the copy is given without a read", async () => {
      const before = loads();
      await copies.get("a");
      return loads() === before;
    });
  });

  test("what another process writes is seen", async () => {
    const { copies, write, hears } = await createWorld(replicated);
    await hears();
    expect(await copies.get("a")).toBe(0);
    await write("a", 2);
    await waitFor("the new value", async () => (await copies.get("a")) === 2);
  });

  test("what this process wrote is seen at once, also by who asks while an older reading is under way", async () => {
    const { copies, write, hears } = await createWorld(replicated);
    await hears();
    for (let value = 1; value <= 50; value += 1) {
      const before = copies.get("a");
      await write("a", value);
      copies.forget("a");
      expect(await copies.get("a")).toBe(value);
      await before;
      expect(await copies.get("a")).toBe(value);
    }
  });
});

test("nothing is kept while changes are not heard", async () => {
  const { copies, write, hears, stop } = await createWorld(true);
  await write("a", 1);
  await copies.get("a");
  expect(copies.size).toBe(0);
  await hears();
  await copies.get("a");
  stop.abort();
  await waitFor("it has let go of them", () => copies.size === 0);
  expect(await copies.get("a")).toBe(1);
  expect(copies.size).toBe(0);
});

test("the least recently used goes first, by number and by size", async () => {
  const few = await createWorld(true, { most: 3 });
  await few.hears();
  for (const id of ["a", "b", "c"]) await few.copies.get(id);
  const before = few.loads();
  await few.copies.get("a");
  await few.copies.get("d");
  expect(few.copies.size).toBe(3);
  await few.copies.get("a");
  expect(few.loads()).toBe(before + 1);
  await few.copies.get("b");
  expect(few.loads()).toBe(before + 2);

  const small = await createWorld(true, { mostBytes: 25 });
  await small.hears();
  for (const id of ["a", "b", "c"]) await small.copies.get(id);
  expect(small.copies).toMatchObject({ size: 2, bytes: 20 });
});

test("a reading that fails is the asker's to know, and is tried again by the next", async () => {
  let fails = true;
  const copies = createCopies({
    model: (await createWorld(true)).model as never,
    storage,
    load: async () => {
      if (fails) throw new Error("away");
      return 1;
    },
    sizeOf: () => 1,
    most: 1,
    mostBytes: 1,
  });
  await expect(copies.get("a")).rejects.toThrow("away");
  fails = false;
  expect(await copies.get("a")).toBe(1);
});

test("no order of reads and writes gives out what is older than an acknowledged write", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom("read", "write"), { minLength: 2, maxLength: 12 }),
      async (scheduler, steps) => {
        let stored = 0;
        let acknowledged = 0;
        const stop = new AbortController();
        const copies = createCopies({
          // A watch that is told at once and hears nothing: what holds here holds without it.
          model: { collection: { find: () => ({ toArray: async () => [] }) } } as never,
          storage: { ...storage, replicated: false },
          load: async () => {
            await scheduler.schedule(Promise.resolve(), "asked");
            const value = stored;
            await scheduler.schedule(Promise.resolve(), "answered");
            return value;
          },
          sizeOf: () => 1,
          most: 10,
          mostBytes: 10,
        });
        copies.start(stop.signal);
        const stale: string[] = [];
        const running = steps.map(async (step, index) => {
          await scheduler.schedule(Promise.resolve(), `${step} ${index}`);
          if (step === "write") {
            stored = Math.max(stored, index + 1);
            const written = stored;
            await scheduler.schedule(Promise.resolve(), "written");
            copies.forget("a");
            acknowledged = Math.max(acknowledged, written);
            return;
          }
          const least = acknowledged;
          const value = await copies.get("a");
          if (value < least) stale.push(`read ${index}: ${value} < ${least}`);
        });
        await scheduler.waitAll();
        await Promise.all(running);
        stop.abort();
        expect(stale).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
