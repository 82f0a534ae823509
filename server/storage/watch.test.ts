import { Schema } from "mongoose";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { connectStorage, watchCollection, whileNeeded } from "./index.ts";

test("with a marker only writes that move it are told of, and inserts and deletions", async () => {
  await using database = createTestDatabase();
  const storage = await connectStorage(database.url);
  const stop = new AbortController();
  try {
    const model = storage.connection.model<object>("Thing", new Schema<object>({}, { strict: false, collection: "things" }));
    const things = storage.connection.db!.collection<{ _id: string; revision?: number; seenAt?: number }>("things");
    await things.insertMany([{ _id: "one" }, { _id: "two" }]);
    const told: string[] = [];
    const hearing = Promise.withResolvers<void>();
    const options = { replicated: true, marker: "revision", signal: stop.signal, onHearing: hearing.resolve };
    void watchCollection(model as never, { ...options, onChange: (id) => void told.push(id) });
    await hearing.promise;
    await things.updateOne({ _id: "one" }, { $set: { seenAt: 1 } });
    await things.updateOne({ _id: "one" }, { $max: { seenAt: 2 } });
    await things.updateOne({ _id: "two" }, { $set: { seenAt: 3 }, $inc: { revision: 1 } });
    await things.insertOne({ _id: "three" });
    await things.deleteOne({ _id: "one" });
    await waitFor("the last is told", () => told.includes("one"));
    expect(told).toEqual(["two", "three", "one"]);
  } finally {
    stop.abort();
    await storage.close();
  }
});

test("what is needed runs from the first who needs it to the last, and again for the next", () => {
  const signals: AbortSignal[] = [];
  const enter = whileNeeded((signal) => void signals.push(signal));
  const [first, second] = [enter(), enter()];
  expect(signals).toHaveLength(1);
  first();
  first();
  expect(signals[0]!.aborted).toBe(false);
  second();
  expect(signals[0]!.aborted).toBe(true);
  enter();
  expect(signals).toHaveLength(2);
  expect(signals[1]!.aborted).toBe(false);
});
