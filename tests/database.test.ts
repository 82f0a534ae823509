import mongoose from "mongoose";
import { expect, test } from "vitest";
import { createTestDatabase } from "./database.ts";

test("a test database is its own, and nothing of it is left", async () => {
  const one = createTestDatabase();
  const two = createTestDatabase();
  const client = new mongoose.mongo.MongoClient(one.url);
  try {
    await client.db(one.name).collection("things").insertOne({ a: 1 });
    await client.db(`${one.prefix}_user`).collection("things").insertOne({ a: 1 });
    expect(await client.db(two.name).collection("things").countDocuments()).toBe(0);
    await one[Symbol.asyncDispose]();
    const { databases } = await client.db("admin").admin().listDatabases({ nameOnly: true });
    expect(databases.filter(({ name }) => name.startsWith(one.prefix))).toEqual([]);
  } finally {
    await client.close();
  }
});
