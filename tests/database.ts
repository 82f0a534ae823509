/** A database of its own for each test file, on the one server that tests/setup.ts started. */
import { randomBytes } from "node:crypto";
import mongoose from "mongoose";

export interface TestDatabase {
  /** An administrator's URL whose path names the database, as `MONGO_URL` would. */
  url: string;
  /** The database's name. Users' databases made beside it should begin with `prefix`, so that they are removed too. */
  name: string;
  prefix: string;
  /** Drops every database that begins with `prefix`, and their users. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws Error when the tests were not started through vitest.config.ts. */
export function createTestDatabase(): TestDatabase {
  const server = process.env["FP_TEST_MONGO_URL"];
  if (!server) throw new Error("FP_TEST_MONGO_URL is not set: run this by `npm test` or `vitest run`");
  const prefix = `t${randomBytes(6).toString("hex")}`;
  const name = `${prefix}_platform`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    prefix,
    async [Symbol.asyncDispose]() {
      const client = new mongoose.mongo.MongoClient(server, { maxPoolSize: 1 });
      try {
        const { databases } = await client.db("admin").admin().listDatabases({ nameOnly: true });
        for (const { name: found } of databases.filter((entry) => entry.name.startsWith(prefix))) {
          await client.db(found).command({ dropAllUsersFromDatabase: 1 });
          await client.db(found).dropDatabase();
        }
      } finally {
        await client.close();
      }
    },
  };
}
