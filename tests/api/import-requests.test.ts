/** An import that is not there: a user asks, an administrator decides, the check follows, and the asker sees what became of it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiWorld, type ApiWorld } from "./world.ts";

const code = (name: string) => ({ "app.py": `import ${name}\nfrom fastapi import FastAPI\napp = FastAPI()\n` });

let world: ApiWorld;
let app: { id: string; slug: string };
beforeAll(async () => {
  world = await createApiWorld();
  app = await world.stranger.client("createApp", { body: { name: "Wishful", files: code("colour") } });
}, 60_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const user: ApiWorld["owner"]["client"] = (...call) => world.stranger.client(...call);
const admin: ApiWorld["owner"]["client"] = (...call) => world.owner.client(...call);
const ask = (name: string) => user("askForImport", { body: { import: name, app: app.slug } });
const isImportable = async (name: string) => (await user("validateFiles", { body: { files: code(name) } })).ok;

test("asked once, allowed by an administrator, and importable from then on", async () => {
  expect(await isImportable("ctypes")).toBe(false);
  const asked = await ask("ctypes");
  expect(asked).toMatchObject({ import: "ctypes", state: "open", app: { id: app.id, name: "Wishful" }, decidedAt: null });
  // Twice at once or later is once.
  expect(await Promise.all([ask("ctypes"), ask("ctypes")])).toEqual([asked, asked]);
  const { items } = await admin("listAskedImports", {});
  expect(items).toEqual([{ ...asked, user: { id: world.stranger.id, name: expect.any(String) } }]);

  expect(await admin("decideImport", { body: { import: "ctypes", decision: "allow" } })).toEqual({ imports: ["ctypes"] });
  expect(await isImportable("ctypes")).toBe(true);
  expect((await user("listPackages", {})).allowed).toEqual(["ctypes"]);
  expect((await user("listImportRequests", {})).items).toEqual([{ ...asked, state: "allowed", decidedAt: expect.any(String) }]);
  expect((await admin("listAskedImports", {})).items).toEqual([]);
  await expect(admin("decideImport", { body: { import: "ctypes", decision: "decline" } })).rejects.toMatchObject({ code: "not_found" });
  await expect(ask("ctypes")).rejects.toMatchObject({ code: "conflict" });
});

test("declined, it stays as it was, and the asker sees it", async () => {
  await ask("torch");
  await admin("decideImport", { body: { import: "torch", decision: "decline" } });
  expect(await isImportable("torch")).toBe(false);
  expect(await ask("torch")).toMatchObject({ state: "declined" });
});

test("the administrator's list is replaced as a whole, each name once", async () => {
  expect(await admin("putAllowedImports", { body: { imports: ["polars", "duckdb", "polars"] } })).toEqual({
    imports: ["duckdb", "polars"],
  });
  expect(await admin("getAllowedImports", {})).toEqual({ imports: ["duckdb", "polars"] });
  expect([await isImportable("polars"), await isImportable("ctypes")]).toEqual([true, false]);
  const bad = await world.platform.call("/api/admin/allowed-imports", {
    method: "PUT",
    headers: { authorization: `Bearer ${world.owner.token}`, "content-type": "application/json" },
    body: JSON.stringify({ imports: ["os; rm -rf"] }),
  });
  expect(bad.status).toBe(400);
});

test("only administrators see and decide; what is there, is nobody's app, or too much is not asked for", async () => {
  for (const refused of [
    () => user("getAllowedImports", {}),
    () => user("putAllowedImports", { body: { imports: [] } }),
    () => user("listAskedImports", {}),
    () => user("decideImport", { body: { import: "x", decision: "allow" } }),
  ])
    await expect(refused()).rejects.toMatchObject({ code: "forbidden" });
  for (const name of ["fastapi", "json"]) await expect(ask(name)).rejects.toMatchObject({ code: "conflict" });
  await expect(admin("askForImport", { body: { import: "numba", app: app.slug } })).rejects.toMatchObject({ code: "not_found" });
  for (let number = 0; number < 20; number += 1) await ask(`wish_${number}`);
  await expect(ask("one_more")).rejects.toMatchObject({ code: "quota_exceeded" });
  // What was asked before is told all the same, and everybody has their own.
  expect(await ask("wish_3")).toMatchObject({ state: "open" });
  const page = await admin("listAskedImports", { query: { limit: 15 } });
  expect(page.items).toHaveLength(15);
  expect((await admin("listAskedImports", { query: { limit: 15, cursor: page.nextCursor! } })).items).toHaveLength(5);
});
