/** Every list that a person or the gateway asks for walks an index and is sorted by it, whatever the collection's size. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mongoose, { Types } from "mongoose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "#server/config.ts";
import { createLogger } from "#server/http/logger.ts";
import { createServices, type Platform } from "#server/services.ts";
import { createTestDatabase } from "./database.ts";

interface Asked {
  collection: mongoose.mongo.Collection;
  filter: object;
  sort: mongoose.mongo.Sort | undefined;
}

const dataDir = mkdtempSync(join(tmpdir(), "fp-indexes-"));
const database = createTestDatabase();
const asked: Asked[] = [];
const originalExec = mongoose.Query.prototype.exec;
let platform: Platform;

beforeAll(async () => {
  const config = readConfig({ DATA_DIR: dataDir, MONGO_URL: database.url, FP_ROOT: join(import.meta.dirname, ".."), WARM_POOL: "0" });
  platform = await createServices(config, createLogger({ level: "error" }));
  // Notes every list before it is asked: the product's own queries, not copies of them.
  mongoose.Query.prototype.exec = function (this: mongoose.Query<unknown, unknown>) {
    const { op } = this as unknown as { op: string };
    if (op === "find")
      asked.push({
        collection: this.model.collection as never,
        filter: this.getFilter(),
        sort: this.getOptions().sort as mongoose.mongo.Sort | undefined,
      });
    return originalExec.call(this);
  } as typeof originalExec;
});
afterAll(async () => {
  mongoose.Query.prototype.exec = originalExec;
  await platform.stop();
  rmSync(dataDir, { recursive: true, force: true });
  await database[Symbol.asyncDispose]();
});

test("no list scans a collection or sorts in memory", async () => {
  const { apps, deployments, requests, logs, databases, accounts, templates, importRequests } = platform.services;
  const owner = String(new Types.ObjectId());
  const app = await apps.create(owner, { name: "indexed" });
  const page = { limit: 10 };
  const cursor = Buffer.from(`${Date.now()}.${String(new Types.ObjectId())}`).toString("base64url");
  await apps.list(owner, page);
  await apps.list(owner, { ...page, status: "running", cursor });
  await apps.list(owner, { ...page, search: "index" });
  await deployments.list(owner, app.id, { ...page, cursor });
  await deployments.listVersions(owner, app.id, { ...page, cursor: "5" });
  await requests.list(owner, app.id, { ...page, cursor });
  await requests.list(owner, app.id, { ...page, status: "5xx", method: "GET", path: "/a" });
  await requests.metrics(owner, app.id, "7d");
  await requests.lastDay([app.id, owner]);
  await requests.lastDayOf(owner);
  await logs.list(owner, app.id, { tail: 5, search: "x" });
  await logs.list(owner, app.id, { since: String(new Types.ObjectId()) });
  await databases.list(owner);
  await accounts.listTokens(owner);
  for (const scopes of [new Set<never>(), new Set(["admin"] as const)]) {
    const viewer = { user: { id: owner }, scopes };
    for (const tab of ["all", "mine", "global"] as const) await templates.list(viewer, { ...page, tab, cursor });
    await templates.list(viewer, { ...page, search: "x", complexity: "beginner", tag: "mongodb" });
  }
  await templates.everybodys.list({ ...page, cursor, search: "x" });
  await importRequests.listOf(owner);
  await importRequests.listOpen({ ...page, cursor });

  expect(asked.length).toBeGreaterThanOrEqual(20);
  for (const { collection, filter, sort } of asked) {
    const query = platform.services.storage.connection.db!.collection(collection.collectionName).find(filter);
    const { queryPlanner } = (await (sort ? query.sort(sort) : query).explain("queryPlanner")) as { queryPlanner: { winningPlan: object } };
    const plan = JSON.stringify(queryPlanner.winningPlan);
    expect(plan, `${collection.collectionName} ${JSON.stringify(filter)}`).toContain("IXSCAN");
    expect(plan, `${collection.collectionName} ${JSON.stringify(filter)}`).not.toMatch(/COLLSCAN|"SORT"/);
  }
});
