import { Types } from "mongoose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabases } from "#server/databases/index.ts";
import { connectStorage, createVault, type Storage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { createApps, type AppsDomain } from "./index.ts";

let storage: Storage;
let domain: AppsDomain;
const removed: string[] = [];

beforeAll(async () => {
  storage = await connectStorage(createTestDatabase().url);
  const vault = createVault({ secretKey: "s".repeat(40), secretKeyFile: undefined, dataDir: "" });
  domain = await createApps({
    storage,
    vault,
    databases: await createDatabases({ storage, vault }),
    // The templates' own tests make apps from them.
    templates: { get: () => expect.unreachable() },
    checkSource: () => ({ ok: true, framework: "fastapi", problems: [] }),
    view: { urlOf: (slug) => `http://${slug}.localhost:3000`, isAwake: () => false },
    sleepAfterMinutes: 15,
    removeFromRuntime: async (appId) => void removed.push(appId),
    removeData: [],
    removeDraftDatabase: async () => {},
  });
});
afterAll(() => storage.close());

const owner = () => String(new Types.ObjectId());
const code = { "app.py": "app = 1\n" };

test("an app gets a slug from its name, and the next of the same name another", async () => {
  const me = owner();
  const [first, second] = [
    await domain.apps.create(me, { name: "My Café", files: code }),
    await domain.apps.create(me, { name: "My Café", files: code }),
  ];
  expect(first.slug).toMatch(/^my-cafe/);
  expect(second.slug).not.toBe(first.slug);
  expect(first).toMatchObject({
    status: "stopped",
    liveVersion: null,
    deployed: null,
    url: `http://${first.slug}.localhost:3000`,
    files: code,
  });
});

test("an app has its owner's default database unless none is wanted", async () => {
  const me = owner();
  const bound = await domain.apps.create(me, { name: "bound", files: code });
  const again = await domain.apps.create(me, { name: "again", files: code });
  expect(bound.database).not.toBeNull();
  expect(again.database).toEqual(bound.database);
  expect((await domain.apps.create(me, { name: "free", files: code, database: null })).database).toBeNull();
});

test("a stranger finds nothing by id, by slug or in a list", async () => {
  const app = await domain.apps.create(owner(), { name: "private", files: code });
  const stranger = owner();
  for (const ref of [app.id, app.slug]) {
    await expect(domain.apps.get(stranger, ref)).rejects.toMatchObject({ code: "not_found" });
    await expect(domain.apps.saveDraft(stranger, ref, { files: code })).rejects.toMatchObject({ code: "not_found" });
    await expect(domain.apps.remove(stranger, ref)).rejects.toMatchObject({ code: "not_found" });
  }
  expect((await domain.apps.list(stranger, { limit: 50 })).items).toEqual([]);
});

test("the second of two tabs that save the same draft is told of the first", async () => {
  const me = owner();
  const app = await domain.apps.create(me, { name: "tabs", files: code });
  const mine = { "app.py": "app = 2\n" };
  await domain.apps.saveDraft(me, app.id, { files: mine, baseHash: app.draft.hash });
  await expect(domain.apps.saveDraft(me, app.id, { files: { "app.py": "app = 3\n" }, baseHash: app.draft.hash })).rejects.toMatchObject({
    code: "draft_changed",
    extra: { current: { files: mine } },
  });
  expect((await domain.apps.get(me, app.id)).files).toEqual(mine);
});

test("files that break a rule are refused by name and change nothing", async () => {
  const me = owner();
  const app = await domain.apps.create(me, { name: "rules", files: code });
  await expect(domain.apps.saveDraft(me, app.id, { files: { ...code, "../x.py": "" } })).rejects.toMatchObject({
    code: "validation_failed",
  });
  expect((await domain.apps.get(me, app.id)).files).toEqual(code);
});

test("a secret is never read back, is kept without a value, and lies encrypted", async () => {
  const me = owner();
  const app = await domain.apps.create(me, { name: "vars", files: code });
  await domain.apps.replaceEnv(me, app.id, [
    { name: "TOKEN", value: "hunter2", secret: true },
    { name: "MODE", value: "dev", secret: false },
  ]);
  const kept = await domain.apps.replaceEnv(me, app.id, [
    { name: "TOKEN", secret: true },
    { name: "MODE", value: "live", secret: false },
  ]);
  expect(kept).toEqual([
    { name: "TOKEN", secret: true },
    { name: "MODE", secret: false, value: "live" },
  ]);
  expect(await domain.records.openEnv(app.id)).toEqual({ TOKEN: "hunter2", MODE: "live" });
  expect(JSON.stringify(await domain.models.env.findById(app.id).lean())).not.toContain("hunter2");
  await expect(domain.apps.replaceEnv(me, app.id, [{ name: "PLATFORM_MONGO_URI", value: "x", secret: false }])).rejects.toMatchObject({
    code: "validation_failed",
  });
});

test("a list pages by cursor without repeating or losing an app", async () => {
  const me = owner();
  for (let index = 0; index < 7; index += 1) await domain.apps.create(me, { name: `paged ${index}`, files: code });
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await domain.apps.list(me, { limit: 3, cursor });
    names.push(...page.items.map((app) => app.name));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(names).toHaveLength(7);
  expect(new Set(names).size).toBe(7);
});

test("a deleted app is gone from the runtime and from every list, and its slug is free", async () => {
  const me = owner();
  const app = await domain.apps.create(me, { name: "short lived", files: code });
  await domain.apps.remove(me, app.slug);
  expect(removed).toContain(app.id);
  await expect(domain.apps.get(me, app.id)).rejects.toMatchObject({ code: "not_found" });
  expect((await domain.apps.create(me, { name: "short lived", files: code })).slug).toBe(app.slug);
});

test("a bundle that nothing points to goes, a draft's and a live one stay", async () => {
  const me = owner();
  const app = await domain.apps.create(me, { name: "bundles", files: { "app.py": "first = 1\n" } });
  await domain.apps.saveDraft(me, app.id, { files: { "app.py": "second = 2\n" } });
  await domain.models.bundle.updateMany({}, { $set: { usedAt: new Date(0) } });
  await domain.bundles.removeUnused([]);
  expect((await domain.apps.get(me, app.id)).files).toEqual({ "app.py": "second = 2\n" });
  await expect(domain.bundles.read(app.draft.hash)).rejects.toMatchObject({ code: "not_found" });
});

test("a copy of a shared app begins where the app begins", async () => {
  const [me, other] = [owner(), owner()];
  const app = await domain.apps.create(me, { name: "elsewhere", files: code });
  await domain.models.app.updateOne({ _id: app.id }, { $set: { entrypoint: "main.py" } });
  await domain.apps.update(me, app.id, { shared: true });
  expect(await domain.apps.clone(other, app.id, {})).toMatchObject({ entrypoint: "main.py" });
});

test("a shared app is read and copied by others: its live files, no value, no data; otherwise it is not there", async () => {
  const [me, other] = [owner(), owner()];
  const app = await domain.apps.create(me, { name: "to share", description: "Look", files: code });
  await domain.apps.replaceEnv(me, app.id, [{ name: "TOKEN", value: "hunter2", secret: true }]);
  const missing = { code: "not_found" };
  await expect(domain.apps.getShared(app.slug)).rejects.toMatchObject(missing);
  await expect(domain.apps.clone(other, app.slug, {})).rejects.toMatchObject(missing);

  expect(await domain.apps.update(me, app.id, { shared: true })).toMatchObject({ shared: true });
  expect(await domain.apps.getShared(app.slug)).toEqual({
    slug: app.slug,
    name: "to share",
    description: "Look",
    ownerId: me,
    framework: "fastapi",
    entrypoint: "app.py",
    database: true,
    files: code,
    variables: ["TOKEN"],
  });
  await expect(domain.apps.clone(other, app.id, { from: "deployed" })).rejects.toMatchObject({ code: "not_deployed" });
  await domain.records.makeLive(app.id, { hash: app.draft.hash, deploymentId: "d", framework: "fastapi" });
  await domain.apps.saveDraft(me, app.id, { files: { "app.py": "unfinished = 1\n" } });
  await expect(domain.apps.clone(other, app.id, { from: "draft" })).rejects.toMatchObject({ code: "forbidden" });

  const copy = await domain.apps.clone(other, app.slug, {});
  expect(copy).toMatchObject({ name: "to share", description: "Look", files: code, shared: false, liveVersion: null });
  expect(copy.database!.id).not.toBe(app.database!.id);
  expect(await domain.apps.listEnv(other, copy.id)).toEqual([]);
  expect((await domain.apps.list(other, { limit: 50 })).items.map(({ id }) => id)).toEqual([copy.id]);
  // Sharing lets read and copy, and nothing else.
  await expect(domain.apps.get(other, app.id)).rejects.toMatchObject(missing);
  await expect(domain.apps.saveDraft(other, app.id, { files: code })).rejects.toMatchObject(missing);
  await expect(domain.apps.listEnv(other, app.id)).rejects.toMatchObject(missing);
  await expect(domain.apps.update(other, app.id, { shared: false })).rejects.toMatchObject(missing);

  await domain.apps.update(me, app.id, { shared: false });
  await expect(domain.apps.getShared(app.slug)).rejects.toMatchObject(missing);
  await domain.apps.update(me, app.id, { shared: true });
  await domain.apps.remove(me, app.id);
  await expect(domain.apps.getShared(app.slug)).rejects.toMatchObject(missing);
});

test("every list query walks an index and sorts by it", async () => {
  const me = owner();
  await domain.apps.create(me, { name: "explained", files: code });
  for (const filter of [
    { ownerId: me, deletedAt: null },
    { ownerId: me, deletedAt: null, status: "stopped" },
  ]) {
    const explained = (await domain.models.app
      .find(filter as never)
      .sort({ updatedAt: -1, _id: -1 })
      .explain()) as unknown as { queryPlanner: { winningPlan: object } };
    const plan = JSON.stringify(explained.queryPlanner.winningPlan);
    expect(plan).toContain("IXSCAN");
    expect(plan).not.toMatch(/COLLSCAN|"SORT"/);
  }
});
