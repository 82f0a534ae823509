import mongoose from "mongoose";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../tests/database.ts";
import { createBatch, insertOnce } from "./batch.ts";

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

test("a try whose answer was lost is repeated without a duplicate, and what is refused holds nothing up", async () => {
  await using database = createTestDatabase();
  const client = new mongoose.mongo.MongoClient(database.url);
  try {
    const collection = client.db(database.name).collection("once");
    await collection.createIndex({ name: 1 }, { unique: true });
    const [first, second, third] = ["a", "b", "c"].map((name) => ({ _id: new mongoose.mongo.ObjectId(), name }));
    await insertOnce(collection, [first!, second!]);
    const refused = { _id: new mongoose.mongo.ObjectId(), name: "a" };
    await insertOnce(collection, [first!, refused, second!, third!]);
    expect((await collection.find().sort({ name: 1 }).toArray()).map(({ name }) => name)).toEqual(["a", "b", "c"]);
  } finally {
    await client.close();
  }
  // The driver wraps a connection that broke in the middle as if the server had refused documents, of which there are none.
  for (const wrapping of [{ name: "MongoNetworkError" }, { name: "MongoBulkWriteError", writeErrors: [] }]) {
    const gone = { insertMany: () => Promise.reject(Object.assign(new Error("away"), wrapping)) };
    await expect(insertOnce(gone, [{ _id: new mongoose.mongo.ObjectId() }])).rejects.toThrow("away");
  }
});
