import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Types } from "mongoose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Scope } from "#core/contract/account.ts";
import { userLimits } from "#core/limits.ts";
import { createApps, type AppsDomain } from "#server/apps/index.ts";
import { createDatabases } from "#server/databases/index.ts";
import { connectStorage, createVault, type Storage } from "#server/storage/index.ts";
import { createTestDatabase } from "../../tests/database.ts";
import { createTemplates, type TemplatesDomain, type TemplateViewer } from "./index.ts";

let storage: Storage;
let folder: string;
let domain: TemplatesDomain;
let apps: AppsDomain;

const start = () =>
  createTemplates({
    storage,
    folder,
    apps: () => apps,
    checkSource: () => ({ ok: true, framework: "fastapi", problems: [] }),
    namesOf: async (ids) => new Map(ids.map((id) => [id, `name of ${id}`])),
  });

beforeAll(async () => {
  storage = await connectStorage(createTestDatabase().url);
  folder = await mkdtemp(join(tmpdir(), "fp-templates-"));
  const vault = createVault({ secretKey: "s".repeat(40), secretKeyFile: undefined, dataDir: "" });
  apps = await createApps({
    storage,
    vault,
    databases: await createDatabases({ storage, vault }),
    templates: { get: (viewer, id) => domain.templates.get(viewer, id) },
    checkSource: () => ({ ok: true, framework: "fastapi", problems: [] }),
    view: { urlOf: (slug) => `http://${slug}.localhost:3000`, isAwake: () => false },
    sleepAfterMinutes: 15,
    removeFromRuntime: async () => undefined,
    removeData: [],
    removeDraftDatabase: async () => {},
  });
});
afterAll(async () => {
  await storage.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await storage.connection.db!.collection("templates").deleteMany({});
  await cp(join(import.meta.dirname, "../../templates"), folder, { recursive: true });
  domain = await start();
  await domain.ship();
});

const person = (...scopes: Scope[]): TemplateViewer => ({ user: { id: String(new Types.ObjectId()) }, scopes: new Set(scopes) });
const admin = () => person("admin");
const code = { "app.py": "app = 1\n" };
const ids = async (viewer: TemplateViewer, query = {}) =>
  (await domain.templates.list(viewer, { limit: 50, ...query })).items.map(({ id }) => id);
const edit = async (file: string, change: (text: string) => string) =>
  writeFile(join(folder, file), change(await readFile(join(folder, file), "utf8")));
const refused = (code: string) => ({ code });

test("the built-in ones come first, in their order, with their files; bringing them again changes nothing", async () => {
  const me = person();
  const listed = await ids(me);
  expect(listed).toHaveLength(9);
  expect(listed[0]).toBe("hello-api");
  const before = await domain.templates.list(me, { limit: 50 });
  await (await start()).ship();
  expect(await domain.templates.list(me, { limit: 50 })).toEqual(before);
  expect((await domain.templates.get(me, "notes")).files).toHaveProperty(["app.py"]);
  await domain.templates.create(me, { name: "Newest", files: code });
  expect((await domain.templates.list(me, { limit: 50 })).items.map(({ name }) => name).indexOf("Newest")).toBe(9);
});

test("an upgrade brings what changed, and leaves what an administrator edited, hid or deleted", async () => {
  const chief = admin();
  await domain.templates.update(chief, "notes", { description: "Ours" });
  await domain.templates.setHidden(chief, "crud-api", true);
  await domain.templates.remove(chief, "file-upload");
  for (const file of ["notes", "crud-api", "file-upload", "hello-api"])
    await edit(`${file}.yaml`, (text) => text.replace(/^description: .*$/m, "description: From the upgrade"));
  await rm(join(folder, "websocket-chat.yaml"));
  domain = await start();
  await domain.ship();
  const me = person();
  expect((await domain.templates.get(me, "hello-api")).description).toBe("From the upgrade");
  expect((await domain.templates.get(me, "notes")).description).toBe("Ours");
  expect(await ids(me)).not.toContain("crud-api");
  expect(await domain.templates.get(chief, "crud-api")).toMatchObject({ description: "From the upgrade", hidden: true });
  for (const id of ["file-upload", "websocket-chat"]) {
    await expect(domain.templates.get(chief, id)).rejects.toMatchObject(refused("not_found"));
    expect(await ids(chief)).not.toContain(id);
  }
  expect((await domain.templates.everybodys.list({ limit: 50 })).items.map(({ id }) => id)).not.toContain("file-upload");
});

test("two processes that start at once bring each template once", async () => {
  await storage.connection.db!.collection("templates").deleteMany({});
  const others = await Promise.all([start(), start(), start()]);
  await Promise.all(others.map((other) => other.ship()));
  expect(await ids(person())).toHaveLength(9);
});

test("an own template is its owner's alone, in every way", async () => {
  const [me, other, chief] = [person(), person(), admin()];
  const { id } = await domain.templates.create(me, { name: "Mine", files: code });
  expect(await ids(me)).toContain(id);
  expect(await ids(me, { tab: "mine" })).toEqual([id]);
  expect(await ids(me, { tab: "global" })).not.toContain(id);
  for (const stranger of [other, chief]) {
    expect(await ids(stranger)).not.toContain(id);
    expect(await ids(stranger, { tab: "mine" })).toEqual([]);
    const missing = refused("not_found");
    await expect(domain.templates.get(stranger, id)).rejects.toMatchObject(missing);
    await expect(domain.templates.update(stranger, id, { name: "Taken" })).rejects.toMatchObject(missing);
    await expect(domain.templates.setHidden(stranger, id, true)).rejects.toMatchObject(missing);
    await expect(domain.templates.remove(stranger, id)).rejects.toMatchObject(missing);
    await expect(apps.apps.create(stranger.user.id, { name: "x", template: id }, stranger.scopes)).rejects.toMatchObject(missing);
  }
  expect((await domain.templates.everybodys.list({ limit: 50, search: "mine" })).items).toEqual([
    expect.objectContaining({ id, owner: { id: me.user.id, name: `name of ${me.user.id}` } }),
  ]);
  await domain.templates.setHidden(me, id, true);
  expect(await ids(me)).toContain(id);
  expect((await apps.apps.create(me.user.id, { name: "from hidden", template: id })).files).toEqual(code);
});

test("a global template is everybody's to read and administrators' to change; hidden, it is theirs alone", async () => {
  const [me, chief] = [person("read", "run", "change"), admin()];
  await expect(domain.templates.create(me, { name: "Ours", files: code, global: true })).rejects.toMatchObject(refused("forbidden"));
  const { id } = await domain.templates.create(chief, { name: "Ours", files: code, global: true });
  expect((await domain.templates.get(me, id)).files).toEqual(code);
  for (const attempt of [
    () => domain.templates.update(me, id, { name: "Taken" }),
    () => domain.templates.setHidden(me, id, true),
    () => domain.templates.remove(me, id),
  ])
    await expect(attempt()).rejects.toMatchObject(refused("forbidden"));
  await domain.templates.setHidden(chief, id, true);
  await expect(domain.templates.get(me, id)).rejects.toMatchObject(refused("not_found"));
  await expect(apps.apps.create(me.user.id, { name: "x", template: id })).rejects.toMatchObject(refused("not_found"));
  expect(await ids(chief, { tab: "global" })).toContain(id);
  await domain.templates.setHidden(chief, id, false);
  expect(await ids(me)).toContain(id);
  await domain.templates.remove(chief, id);
  expect(await ids(chief)).not.toContain(id);
});

test("a template of an app has its draft's files, and nothing of its variables", async () => {
  const me = person();
  const app = await apps.apps.create(me.user.id, { name: "source", files: { "app.py": "import pymongo\napp = 1\n" } });
  await apps.apps.replaceEnv(me.user.id, app.id, [{ name: "API_KEY", value: "hunter2", secret: true }]);
  const made = await domain.templates.create(me, { name: "Made", app: app.slug });
  expect(made).toMatchObject({ database: true, complexity: "beginner", tags: [], framework: "fastapi", global: false });
  const stored = JSON.stringify(await storage.connection.db!.collection("templates").findOne({ name: "Made" }));
  expect(stored).not.toMatch(/API_KEY|hunter2/);
  await expect(domain.templates.create(person(), { name: "Theirs", app: app.id })).rejects.toMatchObject(refused("not_found"));
  await apps.apps.saveDraft(me.user.id, app.id, { files: code });
  expect(await domain.templates.update(me, made.id, { app: app.slug })).toMatchObject({ database: false });
  expect((await domain.templates.get(me, made.id)).files).toEqual(code);
});

test("files that break a rule are refused, and nothing is kept of them", async () => {
  const me = person();
  const invalid = refused("validation_failed");
  await expect(domain.templates.create(me, { name: "No entrypoint", files: { "main.py": "" } })).rejects.toMatchObject(invalid);
  await expect(domain.templates.create(me, { name: "Outside", files: { ...code, "../x.py": "" } })).rejects.toMatchObject(invalid);
  const { id } = await domain.templates.create(me, { name: "Good", files: code });
  await expect(domain.templates.update(me, id, { files: { "app.py": "x".repeat(100_001) } })).rejects.toMatchObject(invalid);
  expect((await domain.templates.get(me, id)).files).toEqual(code);
  expect(await ids(me, { tab: "mine" })).toEqual([id]);
});

test("one more than the limit is refused with what to do; others' templates do not count", async () => {
  const me = person();
  for (let index = 0; index < userLimits.templates; index += 1) await domain.templates.create(me, { name: `T ${index}`, files: code });
  await expect(domain.templates.create(me, { name: "Too many", files: code })).rejects.toMatchObject({
    code: "quota_exceeded",
    message: expect.stringContaining("Delete one"),
  });
  await domain.templates.create(person(), { name: "Another's", files: code });
});

test("search, level and tag narrow the list, and pages neither repeat nor lose one", async () => {
  const me = person();
  for (let index = 0; index < 5; index += 1)
    await domain.templates.create(me, {
      name: `Robot ${index}`,
      description: "a.b",
      files: code,
      complexity: index % 2 ? "advanced" : "beginner",
      tags: index < 2 ? ["arm"] : [],
    });
  expect(await ids(me, { search: "ROBOT" })).toHaveLength(5);
  expect(await ids(me, { search: "A.B" })).toHaveLength(5);
  expect(await ids(me, { search: "a.*b" })).toHaveLength(0);
  expect(await ids(me, { search: "robot", complexity: "advanced" })).toHaveLength(2);
  expect(await ids(me, { tag: "arm" })).toHaveLength(2);
  expect(await ids(me, { search: "arm", tab: "mine" })).toHaveLength(2);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await domain.templates.list(me, { limit: 3, cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen).toHaveLength(14);
  expect(new Set(seen).size).toBe(14);
});

test("a template's bundle stays while the template does, and its app's files are kept once", async () => {
  const me = person();
  const files = { "app.py": "only_here = 1\napp = 1\n" };
  const app = await apps.apps.create(me.user.id, { name: "once", files });
  const { id, hash } = await domain.templates.create(me, { name: "Kept", app: app.id });
  expect(hash).toBe(app.draft.hash);
  await apps.apps.remove(me.user.id, app.id);
  const removeOld = async () => {
    await apps.models.bundle.updateMany({}, { $set: { usedAt: new Date(0) } });
    await apps.bundles.removeUnused([async () => new Set(), domain.kept]);
  };
  await removeOld();
  expect((await domain.templates.get(me, id)).files).toEqual(files);
  expect((await domain.templates.get(me, "hello-api")).files).toHaveProperty(["app.py"]);
  await domain.templates.remove(me, id);
  await removeOld();
  await expect(apps.bundles.read(hash)).rejects.toMatchObject(refused("not_found"));
});

test("an account's templates go with it, and nobody else's", async () => {
  const [me, other] = [person(), person()];
  await domain.templates.create(me, { name: "Mine", files: code });
  const kept = await domain.templates.create(other, { name: "Theirs", files: code });
  await domain.removeOwned(me.user.id);
  expect(await ids(me)).toHaveLength(9);
  expect(await ids(other, { tab: "mine" })).toEqual([kept.id]);
});
