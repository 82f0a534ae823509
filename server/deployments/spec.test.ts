/** What a wake starts with: from memory where nothing changed, and never older than a change that this process was told is made. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mongoose, { Types } from "mongoose";
import { describe, expect, onTestFinished, test } from "vitest";
import { createApps, createRouteTable, resealAppEnv } from "#server/apps/index.ts";
import { createDatabases, resealDatabasePasswords } from "#server/databases/index.ts";
import type { SpecSource } from "#server/runtime/runtime.ts";
import { addSecret, connectStorage, createVault, ownKeyFile } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { waitFor } from "../../tests/wait.ts";
import { createDeployments } from "./index.ts";

const code = { "app.py": "app = 1\n" };

/** The domains of one process on a database that others use too. */
async function openProcess(url: string, dataDir: string, replicated: boolean) {
  const storage = { ...(await connectStorage(url)), replicated };
  const stop = new AbortController();
  onTestFinished(async () => {
    stop.abort();
    await storage.close();
  });
  const vault = createVault({ secretKey: undefined, secretKeyFile: undefined, dataDir });
  const databases = await createDatabases({ storage, vault });
  const urlOf = (slug: string) => `http://${slug}.localhost:3000`;
  const { apps, records, draftHosts, models, onChanged } = await createApps({
    storage,
    vault,
    databases,
    templates: { get: () => expect.unreachable() },
    checkSource: () => ({ ok: true, framework: "fastapi", problems: [] }),
    view: { urlOf, isAwake: () => false },
    sleepAfterMinutes: 15,
    removeFromRuntime: async () => {},
    removeData: [],
    removeDraftDatabase: async () => {},
  });
  const routes = createRouteTable(models, storage);
  onChanged(routes.put);
  const { specOf } = await createDeployments({
    storage,
    apps,
    records,
    draftHosts,
    spec: { records, databases, urlOf, derive: vault.derive },
    findLive: (appId) => routes.findLive(appId),
    runtime: () => expect.unreachable(),
    namesOf: async () => new Map(),
    refusal: async () => null,
    reportBug: (error) => expect.unreachable(String(error)),
    stopping: stop.signal,
  });
  records.keepCopies(stop.signal);
  databases.keepCopies(stop.signal);
  await routes.start(stop.signal);
  const makeLive = (appId: string, hash = "a".repeat(64)) =>
    records.makeLive(appId, { hash, deploymentId: randomUUID(), framework: "fastapi" });
  return { apps, records, draftHosts, databases, storage, vault, models, makeLive, specOf };
}

async function openWorld(replicated: boolean) {
  const database = createTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "fp-spec-"));
  onTestFinished(() => {
    rmSync(dataDir, { recursive: true });
    return database[Symbol.asyncDispose]();
  });
  const open = () => openProcess(database.url, dataDir, replicated);
  const here = await open();
  const owner = `${database.prefix}_${String(new Types.ObjectId())}`;
  const app = await here.apps.create(owner, { name: "copied", files: code });
  await here.apps.replaceEnv(owner, app.id, [{ name: "COLOUR", value: "red", secret: true }]);
  await here.makeLive(app.id);
  return { here, open, owner, app, dataDir };
}

/** Queries through mongoose that `work` makes. */
async function countQueries(work: () => Promise<unknown>): Promise<number> {
  const exec = mongoose.Query.prototype.exec;
  let queries = 0;
  mongoose.Query.prototype.exec = function (this: mongoose.Query<unknown, unknown>) {
    queries += 1;
    return exec.call(this);
  } as typeof exec;
  try {
    await work();
  } finally {
    mongoose.Query.prototype.exec = exec;
  }
  return queries;
}

const isKept = (specOf: SpecSource, appId: string) =>
  waitFor("it is started from memory", async () => (await countQueries(() => specOf(appId))) === 0);

describe.each([
  ["change streams", true],
  ["polling", false],
])("with %s", (_how, replicated) => {
  test("an app that nobody changed is started without a query, with all that it needs", async () => {
    const { here, app } = await openWorld(replicated);
    const read = await here.specOf(app.id);
    await isKept(here.specOf, app.id);
    expect({ ...(await here.specOf(app.id))!, readFiles: null }).toEqual({ ...read!, readFiles: null });
    expect(read).toMatchObject({ slug: app.slug, version: 1, env: { COLOUR: "red", APP_NAME: "copied" } });
    expect(read!.database!.password).toMatch(/^[\w-]{32}$/);
  });

  test("a draft is started with the app's variables, and its own before them", async () => {
    const { here, owner, app } = await openWorld(replicated);
    const draft = await here.draftHosts.ensure((await here.records.require(owner, app.id))!, null);
    const draftId = String(draft._id);
    await here.makeLive(draftId);
    await here.apps.replaceEnv(owner, app.id, [
      { name: "COLOUR", value: "red", secret: false },
      { name: "SIZE", value: "2", secret: false },
    ]);
    await here.apps.replaceEnv(owner, draft.slug, [{ name: "COLOUR", value: "blue", secret: true }]);
    expect(await here.specOf(draftId)).toMatchObject({ slug: `draft--${app.slug}`, env: { COLOUR: "blue", SIZE: "2" }, database: null });
    expect(await here.specOf(app.id)).toMatchObject({ env: { COLOUR: "red", SIZE: "2" } });
    expect((await here.draftHosts.ensure((await here.records.require(owner, app.id))!, null))._id).toEqual(draft._id);
    await isKept(here.specOf, draftId);
  });

  test("what this process changed is started from then on", async () => {
    const { here, owner, app } = await openWorld(replicated);
    await isKept(here.specOf, app.id);
    for (let turn = 1; turn <= 10; turn += 1) {
      // Wakes that began before may read what was before them, and must leave nothing of it behind.
      const meanwhile = [here.specOf(app.id), here.specOf(app.id)];
      const vars = [{ name: "COLOUR", value: `colour ${turn}`, secret: false }];
      const [, , live] = await Promise.all([
        here.apps.replaceEnv(owner, app.id, vars),
        here.apps.update(owner, app.id, { name: `name ${turn}`, database: turn % 2 === 0 ? undefined : null }),
        here.makeLive(app.id, String(turn % 10).repeat(64)),
        ...meanwhile,
      ]);
      const spec = await here.specOf(app.id);
      expect(spec).toMatchObject({ version: live!.version, bundleHash: String(turn % 10).repeat(64) });
      expect(spec!.env).toMatchObject({ COLOUR: `colour ${turn}`, APP_NAME: `name ${turn}` });
      await here.records.setStatus(app.id, turn % 2 === 0 ? "sleeping" : "running", null);
      expect((await here.specOf(app.id))!.env["COLOUR"]).toBe(`colour ${turn}`);
    }
    await isKept(here.specOf, app.id);
    await here.apps.update(owner, app.id, { database: null });
    expect((await here.specOf(app.id))!.database).toBeNull();
    await here.apps.remove(owner, app.id);
    expect(await here.specOf(app.id)).toBeNull();
  });

  test("what another process changed is started as soon as the watch has told of it", async () => {
    const { here, open, owner, app } = await openWorld(replicated);
    const there = await open();
    await isKept(there.specOf, app.id);
    await here.apps.replaceEnv(owner, app.id, [{ name: "COLOUR", value: "blue", secret: false }]);
    await waitFor("the variable", async () => (await there.specOf(app.id))!.env["COLOUR"] === "blue");
    await here.apps.update(owner, app.id, { name: "renamed" });
    await waitFor("the name", async () => (await there.specOf(app.id))!.env["APP_NAME"] === "renamed");
    await here.makeLive(app.id, "b".repeat(64));
    await waitFor("the version", async () => (await there.specOf(app.id))!.version === 2);
    await here.apps.update(owner, app.id, { database: null });
    await waitFor("no database", async () => (await there.specOf(app.id))!.database === null);
    await isKept(there.specOf, app.id);
  });

  test("after a rotation, and without the old key, apps start with the same variables and password", async () => {
    const { here, app, dataDir } = await openWorld(replicated);
    await isKept(here.specOf, app.id);
    const before = await here.specOf(app.id);
    addSecret(dataDir);
    const rotating = createVault({ secretKey: undefined, secretKeyFile: undefined, dataDir });
    await resealAppEnv(here.storage, rotating);
    await resealDatabasePasswords(here.storage, rotating);
    expect((await here.specOf(app.id))!.env).toEqual(before!.env);
    const [newest] = readFileSync(ownKeyFile(dataDir), "utf8").split("\n");
    here.vault.newestKeyId();
    writeFileSync(ownKeyFile(dataDir), `${newest}\n`);
    here.vault.newestKeyId();
    const after = await here.specOf(app.id);
    expect(after!.env).toEqual(before!.env);
    expect(after!.database).toEqual(before!.database);
  });
});
