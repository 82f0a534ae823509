/** Drafts on hosts of their own, through a whole platform: what runs, who gets in, what its database holds. */
import mongoose from "mongoose";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DraftHost } from "#core/contract/draft.ts";
import { createTestDatabase, type TestDatabase } from "../database.ts";
import { startPlatform, type TestPlatform } from "../platform.ts";
import { waitFor } from "../wait.ts";

const code = (version: string) => ({
  "app.py": `
import os
from fastapi import FastAPI, Request, WebSocket
from pymongo import MongoClient

app = FastAPI()
db = MongoClient(os.environ["PLATFORM_MONGO_URI"]).get_default_database()

@app.get("/")
def home(request: Request):
    return {"version": "${version}", "database": db.name, "colour": os.environ.get("COLOUR"), "url": os.environ["APP_URL"],
            "cookies": request.headers.get("cookie")}

@app.get("/notes")
def notes():
    return {"count": db.notes.count_documents({})}

@app.post("/notes/{count}")
def add(count: int):
    db.notes.insert_many([{"n": n, "text": "x" * 200} for n in range(count)])

@app.websocket("/socket")
async def socket(ws: WebSocket):
    await ws.accept()
    await ws.send_text("hello")
`,
});

let database: TestDatabase;
let platform: TestPlatform;
let token: string;
let stranger: string;
let app: { id: string; slug: string };

beforeAll(async () => {
  database = createTestDatabase();
  platform = await startPlatform({ MONGO_URL: database.url, WARM_POOL: "1" });
  ({ token } = await platform.signUp("owner@example.com"));
  ({ token: stranger } = await platform.signUp("stranger@example.com"));
  app = await platform.deploy(token, "Notes", code("live"));
}, 120_000);
afterAll(async () => {
  await platform?.stop();
  await database?.[Symbol.asyncDispose]();
});

const host = () => `draft--${app.slug}`;
const api = <Result = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Result> =>
  platform.api<Result>(token, method, `/api/apps/${app.slug}${path}`, body);
const readHost = () => api<DraftHost>("GET", "/draft/host");
const runDraft = async (version: string): Promise<void> => {
  const { deploymentId } = await api<{ deploymentId: string }>("POST", "/draft/run", { files: code(version) });
  await platform.settled(token, deploymentId);
};
/** Through the platform's own way in, as the test panel asks. */
const ask = async (slug: string, path: string, method = "GET"): Promise<Record<string, unknown>> => {
  const answer = await platform.api<{ status: number; body: string }>(token, "POST", `/api/apps/${slug}/proxy`, { method, path });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body) as Record<string, unknown>;
};
const openDraft = async (path = "/"): Promise<string> => {
  const { url } = await api<{ url: string }>("POST", "/draft/link", { path });
  const { pathname, search } = new URL(url);
  const answer = await platform.callApp(host(), pathname + search);
  expect(answer).toMatchObject({ status: 303, headers: { location: path, "cache-control": "no-store" } });
  return answer.headers["set-cookie"]![0]!;
};

test("a draft runs beside live, on its own host and database, and live stays as it was", async () => {
  expect(await readHost()).toMatchObject({ host: host(), status: "stopped", running: null, database: null, copy: null });
  await runDraft("draft 1");
  const [live, draft] = [await ask(app.slug, "/"), await ask(host(), "/")];
  expect(live).toMatchObject({ version: "live" });
  expect(draft).toMatchObject({
    version: "draft 1",
    url: expect.stringContaining(`//${host()}.`),
    database: `${String(live["database"])}_draft`,
  });
  await ask(host(), "/notes/3", "POST");
  expect([await ask(app.slug, "/notes"), await ask(host(), "/notes")]).toEqual([{ count: 0 }, { count: 3 }]);
  expect(await platform.api(token, "GET", `/api/apps/${app.slug}`)).toMatchObject({ liveVersion: 1, status: "running" });
  expect(await readHost()).toMatchObject({ status: "running", database: { name: "main_draft" }, lastDeployment: { state: "succeeded" } });
  const { items } = await platform.api<{ items: { slug: string }[] }>(token, "GET", "/api/apps");
  expect(items.map(({ slug }) => slug)).toEqual([app.slug]);
});

test("what watches an app watches its draft by its host's name; what changes an app does not", async () => {
  await ask(host(), "/notes");
  const lines = await platform.api<{ items: unknown[] }>(token, "GET", `/api/apps/${host()}/requests`);
  expect(lines.items.length).toBeGreaterThan(0);
  expect((await platform.call(`/api/apps/${host()}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(404);
  for (const [method, path] of [
    ["DELETE", ""],
    ["POST", "/deploy"],
    ["POST", "/clone"],
    ["POST", "/draft/run"],
  ] as const) {
    const answer = await platform.call(`/api/apps/${host()}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    expect([path, answer.status]).toEqual([path, 404]);
  }
});

test("only who followed a link gets in, the link works once, and the draft never sees the cookie", async () => {
  expect((await platform.callApp(host(), "/")).json()).toMatchObject({ status: 403, code: "draft_only" });
  const page = await platform.callApp(host(), "/notes?page=2", { headers: { accept: "text/html" } });
  expect(page.text).toContain(`/apps/${app.slug}/draft?path=%2Fnotes%3Fpage%3D2`);
  const cookie = await openDraft("/");
  expect(cookie).toMatch(/^fp\.draft-[0-9a-f]{24}=\S+; Path=\/; HttpOnly; Max-Age=\d+; Secure; SameSite=None; Partitioned$/);
  const pass = cookie.split(";")[0]!;
  const inside = await platform.callApp(host(), "/", { headers: { cookie: `${pass}; mine=1` } });
  expect(inside).toMatchObject({ status: 200, headers: { "x-robots-tag": "noindex, nofollow" } });
  expect(inside.json()).toMatchObject({ version: "draft 1", cookies: "mine=1" });
  for (const wrong of [pass.slice(0, -2) + "xx", pass.replace(/=\d+/, "=9999999999"), pass.replace(/-[0-9a-f]{24}/, `-${app.id}`)])
    expect((await platform.callApp(host(), "/", { headers: { cookie: wrong } })).status).toBe(403);
  const { url } = await api<{ url: string }>("POST", "/draft/link");
  const { pathname, search } = new URL(url);
  expect((await platform.callApp(app.slug, pathname + search)).status).toBe(404);
  expect((await platform.callApp(host(), pathname + search)).status).toBe(303);
  expect((await platform.callApp(host(), pathname + search)).json()).toMatchObject({ status: 403, title: "This link has been used" });
  expect((await platform.callApp(host(), `${pathname}?link=short`)).status).toBe(403);
});

test("a socket to a draft is for its owner too", async () => {
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  expect((await platform.callApp(host(), "/socket", { headers: upgrade })).status).toBe(403);
});

test("nobody else sees, runs or opens a draft", async () => {
  const answers = await Promise.all(
    [
      ["GET", "/draft/host"],
      ["POST", "/draft/run"],
      ["POST", "/draft/link"],
      ["POST", "/draft/database"],
      ["DELETE", "/draft/host"],
    ].map(([method, path]) =>
      platform.call(`/api/apps/${app.slug}${path}`, {
        method: method!,
        headers: { authorization: `Bearer ${stranger}`, "content-type": "application/json" },
        ...(method === "POST" ? { body: path === "/draft/database" ? '{"from":"live"}' : "{}" } : {}),
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
  const proxied = await platform.call(`/api/apps/${host()}/proxy`, {
    method: "POST",
    headers: { authorization: `Bearer ${stranger}`, "content-type": "application/json" },
    body: '{"method":"GET","path":"/"}',
  });
  expect(proxied.status).toBe(404);
});

test("a draft has live's variables, and its own where it has some", async () => {
  const vars = (value: string) => ({ vars: [{ name: "COLOUR", value, secret: false }] });
  const { deploymentId } = await api<{ deploymentId: string }>("PUT", "/env", vars("red"));
  await platform.settled(token, deploymentId);
  expect([(await ask(app.slug, "/"))["colour"], (await ask(host(), "/"))["colour"]]).toEqual(["red", "red"]);
  expect(await platform.api(token, "PUT", `/api/apps/${host()}/env`, vars("blue"))).toMatchObject({ deploymentId: null });
  expect([(await ask(app.slug, "/"))["colour"], (await ask(host(), "/"))["colour"]]).toEqual(["red", "blue"]);
});

test("a draft that does not load leaves the one before it, and live, serving", async () => {
  const files = { "app.py": "from fastapi import FastAPI\nraise RuntimeError('as planned')\napp = FastAPI()\n" };
  const { deploymentId } = await api<{ deploymentId: string }>("POST", "/draft/run", { files });
  await expect(platform.settled(token, deploymentId)).rejects.toThrow("as planned");
  expect([(await ask(app.slug, "/"))["version"], (await ask(host(), "/"))["version"]]).toEqual(["live", "draft 1"]);
});

test("live's data is copied with its types and indexes, a second copy begins anew, and a cancelled one leaves nothing", async () => {
  const name = String((await ask(app.slug, "/"))["database"]);
  const client = new mongoose.mongo.MongoClient(database.url);
  try {
    const [live, draft] = [client.db(name), client.db(`${name}_draft`)];
    const { Long, Decimal128, Double, Int32, Binary, UUID } = mongoose.mongo.BSON;
    await live.collection("kinds").insertOne({
      ...{ long: new Long(5), decimal: Decimal128.fromString("1.10"), double: new Double(2), int: new Int32(2) },
      ...{ bytes: new Binary(Buffer.from([1, 2])), id: new UUID(), at: new Date(0), none: null, pattern: /a/i },
    });
    await live.collection("notes").createIndex({ text: 1, n: -1 }, { name: "by_text" });
    await ask(app.slug, "/notes/20000", "POST");
    expect(await api("POST", "/draft/database", { from: "live" })).toMatchObject({ copy: { state: "running" } });
    const again = await platform.call(`/api/apps/${app.slug}/draft/run`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    expect(again.json()).toMatchObject({ status: 409, code: "conflict" });
    const ended = async () => {
      const { copy } = await readHost();
      return copy?.state === "running" ? undefined : copy;
    };
    // 20,000 documents, each a synced write on a machine that others use too.
    const copied = await waitFor("the copy ends", ended, 90_000);
    expect(copied).toMatchObject({ state: "succeeded", documents: 20_001 });
    const raw = { promoteValues: false, promoteLongs: false } as const;
    expect(await draft.collection("kinds").find({}, raw).toArray()).toEqual(await live.collection("kinds").find({}, raw).toArray());
    expect(await draft.collection("notes").countDocuments()).toBe(20_000);
    expect((await draft.collection("notes").indexes()).map(({ name: index }) => index)).toContain("by_text");

    const [{ usage }, { items }, { database: held }] = await Promise.all([
      platform.api<{ usage: { databaseBytes: number } }>(token, "GET", "/api/me"),
      platform.api<{ items: { sizeBytes: number }[] }>(token, "GET", "/api/databases"),
      readHost(),
    ]);
    expect(held!.sizeBytes).toBeGreaterThan(0);
    expect(usage.databaseBytes).toBe(items[0]!.sizeBytes + held!.sizeBytes);

    await draft.collection("notes").insertOne({ mine: true });
    await api("POST", "/draft/database", { from: "live" });
    await waitFor("it has begun to copy", async () => ((await readHost()).copy?.documents ?? 0) > 0);
    expect(await api("POST", "/draft/database/cancel")).toMatchObject({ copy: { state: "cancelled" } });
    expect(await draft.collection("notes").countDocuments()).toBe(0);
    expect(await live.collection("notes").countDocuments()).toBe(20_000);
  } finally {
    await client.close();
  }
});

test("a copy that the platform's death cut off is told and cleared away at its next start", async () => {
  await api("POST", "/draft/database", { from: "live" });
  await waitFor("it has begun to copy", async () => ((await readHost()).copy?.documents ?? 0) > 0);
  await platform.kill();
  await platform.restart();
  expect((await readHost()).copy).toMatchObject({ state: "failed", error: expect.stringContaining("stopped during the copy") });
  expect(await ask(host(), "/notes")).toEqual({ count: 0 });
  expect(await ask(app.slug, "/notes")).toEqual({ count: 20_000 });
});

test("an app that is deleted takes its draft's host and database along", async () => {
  const name = String((await ask(host(), "/"))["database"]);
  await platform.api(token, "DELETE", `/api/apps/${app.slug}`);
  expect((await platform.callApp(host(), "/")).status).toBe(404);
  const client = new mongoose.mongo.MongoClient(database.url);
  try {
    expect(await client.db(name).listCollections().toArray()).toEqual([]);
    expect((await client.db(name).command({ usersInfo: 1 }))["users"]).toEqual([]);
  } finally {
    await client.close();
  }
  const { items } = await platform.api<{ items: { name: string }[] }>(token, "GET", "/api/databases");
  expect(items.map((item) => item.name)).toEqual(["main"]);
});
