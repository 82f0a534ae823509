import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Types } from "mongoose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRouteTable, type AppRoutes } from "#server/apps/index.ts";
import { appModels } from "#server/apps/models.ts";
import { createHostReader } from "#server/gateway/host.ts";
import { connectStorage, type Storage } from "#server/storage/index.ts";
import { createTestDatabase, type TestDatabase } from "../database.ts";

/** Node's collector, asked for by hand: figures before and after are worth nothing without. */
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let database: TestDatabase;
let storage: Storage;
beforeAll(async () => {
  database = createTestDatabase();
  storage = await connectStorage(database.url);
});
afterAll(async () => {
  await storage.close();
  await database[Symbol.asyncDispose]();
});

/** An app as large as its limits allow in everything the table might keep. */
function sleepingApp(number: number): Record<string, unknown> {
  const now = new Date();
  return {
    _id: new Types.ObjectId(),
    ownerId: new Types.ObjectId().toString(),
    slug: `an-app-with-a-rather-long-name-${number}`,
    name: `An app with a rather long name, as people give them, number ${number}`,
    description: "What it does, in as many words as there is room for. ".repeat(9),
    entrypoint: "app.py",
    framework: "fastapi",
    draft: { hash: `${number}`.padStart(64, "a"), updatedAt: now },
    live: { version: 3, hash: `${number}`.padStart(64, "b"), deploymentId: new Types.ObjectId().toString(), updatedAt: now },
    versionCounter: 3,
    status: "sleeping",
    statusReason: null,
    lastDeployment: { id: new Types.ObjectId().toString(), state: "succeeded" },
    databaseId: new Types.ObjectId().toString(),
    sleepAfterMinutes: 15,
    createdAt: now,
    updatedAt: now,
    changedAt: now,
    revision: 4,
    lastRequestAt: now,
    deletedAt: null,
  };
}

async function addApps(from: number, to: number): Promise<void> {
  await appModels(storage.connection).app.collection.insertMany(
    Array.from({ length: to - from }, (_, index) => sleepingApp(from + index)) as never[],
  );
}

/** A full table, and the heap that is in use while it is held. */
async function fill(): Promise<{ table: AppRoutes; readHost: ReturnType<typeof createHostReader>; bytes: number; stop: AbortController }> {
  const stop = new AbortController();
  const table = createRouteTable(appModels(storage.connection), storage);
  await table.start(stop.signal);
  const readHost = createHostReader({ publicUrl: "http://localhost:3000", appsDomain: "localhost" });
  // Every host was asked for once, as after a day.
  for (let number = 0; number < table.size; number += 1) {
    const host = readHost(`an-app-with-a-rather-long-name-${number}.localhost:3000`);
    if (host.kind !== "app" || table.find(host.slug) === undefined) throw new Error(`no app ${number}`);
  }
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return { table, readHost, bytes: process.memoryUsage().heapUsed, stop };
}

test("a sleeping app costs the gateway's table at most 4 KB, told by 11,000 beside 1,000", async () => {
  await addApps(0, 1_000);
  // The first fill warms what is only paid for once.
  (await fill()).stop.abort();
  const few = await fill();
  expect(few.table.size).toBe(1_000);
  few.stop.abort();
  await addApps(1_000, 11_000);
  const many = await fill();
  expect(many.table.size).toBe(11_000);
  const each = (many.bytes - few.bytes) / 10_000;
  console.info(`a sleeping app costs ${Math.round(each)} bytes`);
  expect(each).toBeLessThan(4_096);
  expect(each).toBeGreaterThan(100);
  many.stop.abort();
});
