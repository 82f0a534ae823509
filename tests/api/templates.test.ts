/** Templates and shared apps over real HTTP: who may do what with them. `owner` of the world is its administrator. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type CallInput, type Client } from "#core/contract/client.ts";
import type { OperationId } from "#core/contract/operations/index.ts";
import { createApiWorld, helloFiles, type ApiWorld } from "./world.ts";

let world: ApiWorld;
let admin: Client;
let ada: Client;
let bob: Client;

beforeAll(async () => {
  world = await createApiWorld();
  admin = world.owner.client;
  ada = world.stranger.client;
  const { token } = await world.platform.signUp("bob@example.com");
  bob = createClient({ baseUrl: `http://127.0.0.1:${world.platform.port}`, token });
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const files = { "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n" };
/** `ok`, or the code of the refusal. */
const outcome = <Id extends OperationId>(client: Client, id: Id, input: CallInput<Id>): Promise<string> =>
  client(id, input).then(
    () => "ok",
    (error: unknown) => String((error as { code?: unknown }).code),
  );

test("a template is made, listed without files, read with them, changed, hidden, used and deleted", async () => {
  const made = await ada("createTemplate", {
    body: { name: " Robot ", description: "Moves", complexity: "advanced", tags: ["arm", "two-words"], files },
  });
  expect(made).toMatchObject({
    name: "Robot",
    description: "Moves",
    complexity: "advanced",
    tags: ["arm", "two-words"],
    framework: "fastapi",
    database: false,
    global: false,
    hidden: false,
    builtIn: false,
  });
  const params = { id: made.id };
  const listed = await ada("listTemplates", { query: { tab: "mine", search: "robot", complexity: "advanced", tag: "arm" } });
  expect(listed.items).toEqual([made]);
  const raw = await world.platform.api<{ items: object[] }>(world.stranger.token, "GET", "/api/templates");
  for (const item of raw.items) expect(item).not.toHaveProperty("files");
  expect(await ada("getTemplate", { params })).toMatchObject({ files, entrypoint: "app.py" });
  expect(await ada("updateTemplate", { params, body: { name: "Arm", tags: [], files: helloFiles } })).toMatchObject({
    name: "Arm",
    tags: [],
  });
  expect((await ada("getTemplate", { params })).files).toEqual(helloFiles);
  expect(await ada("hideTemplate", { params })).toMatchObject({ hidden: true });
  const app = await ada("createApp", { body: { name: "From it", template: made.id } });
  expect((await ada("getApp", { params: { app: app.id } })).files).toEqual(helloFiles);
  expect(app.description).toBe("Moves");
  expect(await ada("unhideTemplate", { params })).toMatchObject({ hidden: false });
  await ada("deleteTemplate", { params });
  expect(await outcome(ada, "getTemplate", { params })).toBe("not_found");
  expect(await outcome(ada, "getApp", { params: { app: app.id } })).toBe("ok");
});

test("an own, a global, a hidden and a built-in template, and what each person may do with it", async () => {
  const make = (client: Client, global: boolean) => client("createTemplate", { body: { name: "Matrix", files, global } });
  const hiddenOne = async (client: Client, global: boolean) => {
    const made = await make(client, global);
    return client("hideTemplate", { params: { id: made.id } });
  };
  const [own, hiddenOwn, global, hiddenGlobal] = [
    await make(ada, false),
    await hiddenOne(ada, false),
    await make(admin, true),
    await hiddenOne(admin, true),
  ];
  const body = { description: "changed" };
  const doings = {
    read: (client: Client, id: string) => outcome(client, "getTemplate", { params: { id } }),
    use: (client: Client, id: string) => outcome(client, "createApp", { body: { name: "Used", template: id } }),
    change: (client: Client, id: string) => outcome(client, "updateTemplate", { params: { id }, body }),
    hide: (client: Client, id: string) => outcome(client, "hideTemplate", { params: { id } }),
    unhide: (client: Client, id: string) => outcome(client, "unhideTemplate", { params: { id } }),
    moderate: (client: Client, id: string) => outcome(client, "moderateTemplate", { params: { id }, body }),
    // Last: it goes.
    delete: (client: Client, id: string) => outcome(client, "deleteTemplate", { params: { id } }),
  };
  const asked = async (client: Client, id: string): Promise<Record<string, string>> => {
    const answers: Record<string, string> = {};
    for (const [name, ask] of Object.entries(doings)) answers[name] = await ask(client, id);
    return answers;
  };
  const every = (answer: string, moderate = "forbidden") => ({
    ...{ read: answer, use: answer, change: answer, hide: answer, unhide: answer, delete: answer },
    moderate,
  });
  const readOnly = { ...every("forbidden"), read: "ok", use: "ok" };
  for (const { id } of [own, hiddenOwn, hiddenGlobal]) expect(await asked(bob, id), id).toEqual(every("not_found"));
  for (const id of [global.id, "hello-api"]) expect(await asked(bob, id), id).toEqual(readOnly);
  // An administrator reaches others' own templates by the operations for administrators only.
  for (const { id } of [own, hiddenOwn]) expect(await asked(admin, id), id).toEqual(every("not_found", "ok"));
  for (const { id } of [own, hiddenOwn]) expect(await asked(ada, id), id).toEqual(every("ok"));
  for (const { id } of [global, hiddenGlobal]) expect(await asked(admin, id), id).toEqual(every("ok", "ok"));

  expect(await outcome(bob, "createTemplate", { body: { name: "For all", files, global: true } })).toBe("forbidden");
  expect(await outcome(bob, "listAllTemplates", {})).toBe("forbidden");
});

test("a token of an administrator without the scope is anybody's token", async () => {
  const { token } = await admin("createToken", { body: { name: "changer", scopes: ["change"] } });
  const changer = createClient({ baseUrl: `http://127.0.0.1:${world.platform.port}`, token });
  expect(await outcome(changer, "createTemplate", { body: { name: "For all", files, global: true } })).toBe("forbidden");
  expect(await outcome(changer, "hideTemplate", { params: { id: "hello-api" } })).toBe("forbidden");
  const reader = createClient({
    baseUrl: `http://127.0.0.1:${world.platform.port}`,
    token: (await ada("createToken", { body: { name: "reader", scopes: ["read"] } })).token,
  });
  expect(await outcome(reader, "createTemplate", { body: { name: "Mine", files } })).toBe("forbidden");
  expect(await outcome(reader, "listTemplates", {})).toBe("ok");
});

test("administrators see everybody's with their owners, change and delete them", async () => {
  const made = await bob("createTemplate", { body: { name: "Bob's own", files } });
  const found = await admin("listAllTemplates", { query: { search: "bob's" } });
  expect(found.items).toEqual([expect.objectContaining({ id: made.id, owner: expect.objectContaining({ name: "bob" }) })]);
  const first = await admin("listAllTemplates", { query: { limit: 2 } });
  expect(first.items.map(({ id, owner }) => [id, owner])).toEqual([
    ["hello-api", null],
    [expect.any(String), null],
  ]);
  expect((await admin("listAllTemplates", { query: { limit: 2, cursor: first.nextCursor! } })).items).toHaveLength(2);
  const params = { id: made.id };
  expect(await admin("moderateTemplate", { params, body: { hidden: true, description: "Mended" } })).toMatchObject({
    hidden: true,
    description: "Mended",
  });
  expect((await bob("listTemplates", { query: { tab: "mine" } })).items).toEqual([expect.objectContaining({ id: made.id, hidden: true })]);
  await admin("removeTemplate", { params });
  expect(await outcome(bob, "getTemplate", { params })).toBe("not_found");
});

test("what an administrator does with a built-in template outlives a restart", async () => {
  await admin("updateTemplate", { params: { id: "notes" }, body: { name: "Our notes" } });
  await admin("hideTemplate", { params: { id: "crud-api" } });
  await admin("deleteTemplate", { params: { id: "file-upload" } });
  await world.platform.kill();
  await world.platform.restart();
  const ids = (await bob("listTemplates", { query: { tab: "global" } })).items.map(({ id }) => id);
  expect(ids).toContain("hello-api");
  for (const gone of ["crud-api", "file-upload"]) expect(ids).not.toContain(gone);
  expect(await bob("getTemplate", { params: { id: "notes" } })).toMatchObject({ name: "Our notes", builtIn: true });
  expect(await admin("getTemplate", { params: { id: "crud-api" } })).toMatchObject({ hidden: true });
  expect(await outcome(admin, "getTemplate", { params: { id: "file-upload" } })).toBe("not_found");
}, 120_000);

test("bad input is refused by name, and nothing is kept", async () => {
  const before = (await ada("listTemplates", { query: { tab: "mine" } })).items.length;
  const refused = async (body: object, status: number, words: RegExp) => {
    const headers = { authorization: `Bearer ${world.stranger.token}`, "content-type": "application/json" };
    const answer = await world.platform.call("/api/templates", { method: "POST", headers, body: JSON.stringify(body) });
    expect([answer.status, answer.text], JSON.stringify(body).slice(0, 80)).toEqual([status, expect.stringMatching(words)]);
  };
  await refused({ name: "Neither" }, 400, /files.*or.*app/);
  await refused({ name: "Both", files, app: "x" }, 400, /files.*or.*app/);
  await refused({ name: " ", files }, 400, /name/);
  await refused({ name: "n".repeat(81), files }, 400, /name/);
  await refused({ name: "D", description: "d".repeat(501), files }, 400, /description/);
  await refused({ name: "C", complexity: "hard", files }, 400, /complexity/);
  await refused({ name: "T", tags: ["Two Words"], files }, 400, /tags\.0/);
  await refused({ name: "T", tags: Array.from({ length: 11 }, (_, index) => `t${index}`), files }, 400, /tags/);
  await refused({ name: "U", files, owner: "x" }, 400, /owner/);
  await refused({ name: "F", files: { "main.py": "" } }, 422, /app\.py/);
  await refused({ name: "F", files: { ...files, "../up.py": "" } }, 422, /up\.py/);
  await refused({ name: "F", files: { ...files, "big.py": "x".repeat(100_001) } }, 422, /big\.py/);
  await refused({ name: "A", app: "no-such-app" }, 404, /not_found/);
  expect((await ada("listTemplates", { query: { tab: "mine" } })).items).toHaveLength(before);
  const query = await world.platform.call("/api/templates?tab=yours", { headers: { authorization: `Bearer ${world.stranger.token}` } });
  expect(query.status).toBe(400);
  const cursor = await world.platform.call("/api/templates?cursor=x", { headers: { authorization: `Bearer ${world.stranger.token}` } });
  expect(cursor.status).toBe(400);
});

test("others copy an app that is shared: its live files only, and neither variables nor data", async () => {
  const app = await ada("createApp", { body: { name: "Lighthouse", files } });
  await ada("putEnv", { params: { app: app.id }, body: { vars: [{ name: "TOKEN", value: "hunter2", secret: true }] } });
  const { deploymentId } = await ada("deployApp", { params: { app: app.id } });
  await world.platform.settled(world.stranger.token, deploymentId);
  await ada("saveDraft", { params: { app: app.id }, body: { files: helloFiles } });
  for (const client of [bob, admin]) expect(await outcome(client, "cloneApp", { params: { app: app.slug } })).toBe("not_found");
  expect(app.shared).toBe(false);
  expect(await ada("updateApp", { params: { app: app.id }, body: { shared: true } })).toMatchObject({ shared: true });

  const copy = await bob("cloneApp", { params: { app: app.slug } });
  expect(copy).toMatchObject({ name: "Lighthouse", shared: false, liveVersion: null, status: "stopped" });
  const detail = await bob("getApp", { params: { app: copy.id } });
  expect(detail.files).toEqual(files);
  expect(detail.database?.id).not.toBe((await ada("getApp", { params: { app: app.id } })).database?.id);
  expect(await bob("getEnv", { params: { app: copy.id } })).toEqual({ vars: [] });
  expect(await outcome(bob, "cloneApp", { params: { app: app.id }, body: { from: "draft" } })).toBe("forbidden");
  // Everything else stays its owner's, also what shows more than the page does.
  for (const id of ["getApp", "getEnv", "listVersions", "listLogs", "listRequests", "deleteApp"] as const)
    expect(await outcome(bob, id, { params: { app: app.slug } }), id).toBe("not_found");
  expect(await outcome(bob, "createTemplate", { body: { name: "Theirs", app: app.slug } })).toBe("not_found");

  await ada("updateApp", { params: { app: app.id }, body: { shared: false } });
  expect(await outcome(bob, "cloneApp", { params: { app: app.slug } })).toBe("not_found");
}, 120_000);
