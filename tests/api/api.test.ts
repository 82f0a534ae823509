/** The API over real HTTP, on a real platform: every operation's answer is held to its schema by the client. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { operations, type Operation, type OperationId } from "#core/contract/operations/index.ts";
import type { Client } from "#core/contract/client.ts";
import { waitFor } from "../wait.ts";
import { createApiWorld, helloFiles, inputsFor, type ApiWorld } from "./world.ts";

let world: ApiWorld;
let call: Client;
let app: { id: string; slug: string };
let deploymentId: string;
let requestId: string;

beforeAll(async () => {
  world = await createApiWorld();
  call = world.owner.client;
  app = await call("createApp", { body: { name: "Notes", files: helloFiles } });
  ({ deploymentId } = await call("deployApp", { params: { app: app.id } }));
  await world.platform.settled(world.owner.token, deploymentId);
  await call("proxyApp", { params: { app: app.slug }, body: { method: "GET", path: "/broken" } });
  const found = await waitFor(
    "the failed request is listed",
    async () => (await call("listRequests", { params: { app: app.id }, query: { status: "5xx" } })).items[0],
  );
  requestId = found.id;
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const authorization = () => ({ authorization: `Bearer ${world.owner.token}` });
const json = { "content-type": "application/json" };
const refused = (code: string, status: number) => ({
  code,
  problem: expect.objectContaining({ status, code, type: "about:blank", requestId: expect.any(String) }),
});

test("an account knows itself, its tokens and its limits", async () => {
  const me = await call("getMe", {});
  expect(me).toMatchObject({ id: world.owner.id, email: "owner@example.com", role: "admin", usage: { apps: expect.any(Number) } });
  const token = await call("createToken", { body: { name: "ci", scopes: ["read"] } });
  expect(token.token).toMatch(/^fp_/);
  expect((await call("listTokens", {})).items.map(({ name }) => name)).toContain("ci");
  await call("deleteToken", { params: { id: token.id } });
  expect((await call("listTokens", {})).items).toHaveLength(0);
});

test("an app is listed, read, changed, cloned and deleted by id and by slug", async () => {
  const made = await call("createApp", { body: { name: "Passing", code: "from fastapi import FastAPI\napp = FastAPI()\n" } });
  expect(made).not.toHaveProperty("files");
  expect((await call("getApp", { params: { app: made.slug } })).files).toHaveProperty(["app.py"]);
  expect(await call("updateApp", { params: { app: made.id }, body: { description: "for a while" } })).toMatchObject({
    description: "for a while",
  });
  expect((await call("listApps", { query: { search: "passing" } })).items.map(({ id }) => id)).toEqual([made.id]);
  const clone = await call("cloneApp", { params: { app: made.slug }, body: { name: "Twin" } });
  expect(clone).toMatchObject({ name: "Twin", status: "stopped" });
  for (const { id } of [made, clone]) await call("deleteApp", { params: { app: id } });
  await expect(call("getApp", { params: { app: made.id } })).rejects.toMatchObject(refused("not_found", 404));
});

test("a list is paged by cursor", async () => {
  const made = await Promise.all(["One", "Two"].map((name) => call("createApp", { body: { name } })));
  const first = await call("listApps", { query: { limit: 1 } });
  expect(first.items).toHaveLength(1);
  const second = await call("listApps", { query: { limit: 1, cursor: first.nextCursor! } });
  expect(second.items[0]!.id).not.toBe(first.items[0]!.id);
  for (const { id } of made) await call("deleteApp", { params: { app: id } });
});

test("a draft is replaced only by who knows it", async () => {
  const made = await call("createApp", { body: { name: "Draft" } });
  const { draftHash } = await call("saveDraft", { params: { app: made.id }, body: { files: helloFiles, baseHash: made.draft.hash } });
  expect(draftHash).not.toBe(made.draft.hash);
  await expect(
    call("saveDraft", { params: { app: made.id }, body: { files: { "app.py": "" }, baseHash: made.draft.hash } }),
  ).rejects.toMatchObject(refused("draft_changed", 409));
  await call("deleteApp", { params: { app: made.id } });
});

test("files are checked without being saved, and a deploy refuses what the source shows", async () => {
  const broken = { "app.py": "from fastapi import FastAPI\napp = FastAPI(\n" };
  const result = await call("validateFiles", { body: { files: broken } });
  expect(result).toMatchObject({ ok: false, problems: [expect.objectContaining({ file: "app.py", severity: "error" })] });
  expect(await call("validateApp", { params: { app: app.id } })).toMatchObject({ ok: true, framework: "fastapi" });
  const made = await call("createApp", { body: { name: "Broken" } });
  const failure = await call("deployApp", { params: { app: made.id }, body: { files: broken } }).then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject(refused("validation_failed", 422));
  expect(failure).toMatchObject({ problems: [expect.objectContaining({ file: "app.py", line: expect.any(Number) })] });
  await call("deleteApp", { params: { app: made.id } });
});

test("a deployment tells its steps, over events too, and leaves a version that can be rolled back to", async () => {
  expect(await call("getDeployment", { params: { id: deploymentId } })).toMatchObject({
    state: "succeeded",
    kind: "deploy",
    source: "api",
    version: 1,
  });
  const stream = await world.platform.call(`/api/deployments/${deploymentId}/events`, { headers: authorization() });
  expect(stream.headers["content-type"]).toContain("text/event-stream");
  const events = stream.text
    .split("\n\n")
    .flatMap((part) => /^data: (.*)$/m.exec(part)?.[1] ?? [])
    .map((data) => JSON.parse(data) as { stage?: string });
  expect(events.map(({ stage }) => stage)).toContain("ready");
  expect(stream.text).toMatch(/event: end\n/);
  const resumed = await world.platform.call(`/api/deployments/${deploymentId}/events`, {
    headers: { ...authorization(), "last-event-id": "0" },
  });
  expect(resumed.text).not.toMatch(/^id: 0$/m);
  expect(
    (await world.platform.call(`/api/deployments/${deploymentId}/events`, { headers: { ...authorization(), "last-event-id": "end" } }))
      .status,
  ).toBe(204);
  expect((await call("listVersions", { params: { app: app.id } })).items).toEqual([expect.objectContaining({ number: 1, live: true })]);
  expect((await call("getVersion", { params: { app: app.id, version: 1 } })).files).toEqual(helloFiles);
  await expect(call("getVersion", { params: { app: app.id, version: 99 } })).rejects.toMatchObject(refused("not_found", 404));
  const rollback = await call("rollbackApp", { params: { app: app.id, version: 1 } });
  expect(await world.platform.settled(world.owner.token, rollback.deploymentId)).toMatchObject({ kind: "rollback", version: 1 });
});

test("variables are replaced, secrets come back without value, and a live app is rolled", async () => {
  const vars = [
    { name: "GREETING", value: "hi", secret: false },
    { name: "KEY", value: "hidden", secret: true },
  ];
  const put = await call("putEnv", { params: { app: app.id }, body: { vars } });
  expect(put.vars).toEqual([vars[0], { name: "KEY", secret: true }]);
  expect(put.deploymentId).toEqual(expect.any(String));
  await world.platform.settled(world.owner.token, put.deploymentId!);
  expect((await call("getEnv", { params: { app: app.id } })).vars).toEqual(put.vars);
});

test("an app sleeps, wakes and restarts", async () => {
  await call("sleepApp", { params: { app: app.id } });
  await waitFor("it sleeps", async () => (await call("getApp", { params: { app: app.id } })).status === "sleeping");
  await call("wakeApp", { params: { app: app.id } });
  await waitFor("it runs", async () => (await call("getApp", { params: { app: app.id } })).status === "running");
  const { deploymentId: restart } = await call("restartApp", { params: { app: app.id } });
  await world.platform.settled(world.owner.token, restart);
});

test("the test panel reaches the app, follows no redirect, sends no platform cookie, and shows bytes as base64", async () => {
  const proxy = (path: string, rest = {}) => call("proxyApp", { params: { app: app.id }, body: { method: "GET", path, ...rest } });
  const echoed = await proxy("/echo", {
    method: "POST",
    body: "ping",
    headers: { "x-mine": "1", cookie: "fp.session_token=stolen; theirs=1", host: "elsewhere.example" },
  });
  const { headers, body } = JSON.parse(echoed.body) as { headers: Record<string, string>; body: string };
  expect(body).toBe("ping");
  expect(headers).toMatchObject({ "x-mine": "1", host: expect.stringContaining(app.slug) });
  expect(JSON.stringify(headers)).not.toContain("stolen");
  const bytes = await proxy("/echo", { method: "POST", body: Buffer.from("b\u00fct").toString("base64"), bodyEncoding: "base64" });
  expect((JSON.parse(bytes.body) as { body: string }).body).toBe("b\u00fct");
  await expect(proxy("/echo", { method: "POST", body: "not base64", bodyEncoding: "base64" })).rejects.toMatchObject(
    refused("invalid_request", 422),
  );
  expect(await proxy("/away")).toMatchObject({ status: 307 });
  expect(await proxy("/bytes")).toMatchObject({
    bodyEncoding: "base64",
    body: Buffer.from([255, 254, 0]).toString("base64"),
    truncated: false,
  });
  for (const path of ["//elsewhere.example/", "http://elsewhere.example/", "/a\r\nX: y", "/\\elsewhere", "no-slash"]) {
    await expect(proxy(path), path).rejects.toMatchObject(refused("invalid_request", 422));
  }
  await expect(proxy("/", { headers: { "x-a": "1\r\nx-b: 2" } })).rejects.toMatchObject(refused("invalid_request", 422));
});

test("requests come with the exception's line, and logs with what the app printed", async () => {
  const entry = await waitFor("the exception is joined", async () => {
    const found = await call("getRequest", { params: { app: app.id, id: requestId } });
    return found.error && found;
  });
  expect(entry).toMatchObject({ path: "/broken", status: 500, error: { type: "ValueError", file: "app.py", line: 18 } });
  await waitFor(
    "the line is kept",
    async () => (await call("listLogs", { params: { app: app.id }, query: { search: "echoing" } })).items.length > 0,
  );
});

test("what was asked is in the figures at once, by the hour", async () => {
  const asked = await call("createApp", { body: { name: "Figures", files: helloFiles } });
  const params = { app: asked.id };
  expect(await call("getMetrics", { params, query: { window: "24h" } })).toMatchObject({ requests: 0, avgMs: null, p95Ms: null });
  const { deploymentId: begun } = await call("deployApp", { params });
  await world.platform.settled(world.owner.token, begun);
  for (const path of ["/", "/", "/missing", "/broken"]) await world.platform.callApp(asked.slug, path);
  const { series, ...totals } = await call("getMetrics", { params, query: { window: "24h" } });
  expect(totals).toMatchObject({ requests: 4, errors: 1, clientErrors: 1, coldStarts: expect.any(Number) });
  expect(totals.p99Ms).toBeGreaterThanOrEqual(totals.p50Ms!);
  expect(series).toHaveLength(24);
  // An hour may have ended meanwhile.
  const sum = (name: "requests" | "errors") => series.slice(-2).reduce((total, hour) => total + hour[name], 0);
  expect([sum("requests"), sum("errors")]).toEqual([4, 1]);
  const week = await call("getMetrics", { params: { app: asked.slug }, query: { window: "7d" } });
  expect([week.requests, week.series.length]).toEqual([4, 168]);
  const wrong = await world.platform.call(`/api/apps/${asked.id}/metrics?window=1y`, { headers: authorization() });
  expect(wrong.status).toBe(400);

  await call("deleteApp", { params });
  await expect(call("getMetrics", { params, query: { window: "24h" } })).rejects.toMatchObject(refused("not_found", 404));
});

test("the log socket takes a ticket once, from our own pages only, or a bearer token", async () => {
  const address = `ws://127.0.0.1:${world.platform.port}/api/apps/${app.id}/logs/stream`;
  const open = (url: string, options: object) =>
    new Promise<WebSocket | number>((resolve, reject) => {
      const socket = new WebSocket(url, { ...options });
      socket.on("open", () => resolve(socket));
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode!));
      socket.on("error", reject);
    });
  const { ticket } = await call("createLogTicket", { params: { app: app.id } });
  expect(await open(`${address}?ticket=${ticket}`, { origin: "http://evil.localhost" })).toBe(403);
  const socket = await open(`${address}?ticket=${ticket}`, { origin: world.platform.url });
  expect(socket).toBeInstanceOf(WebSocket);
  const lines: string[] = [];
  (socket as WebSocket).on("message", (data) => lines.push((data as Buffer).toString("utf8")));
  await waitFor("a line arrives", async () => {
    await call("proxyApp", { params: { app: app.id }, body: { method: "GET", path: "/echo" } });
    return lines.some((line) => (JSON.parse(line) as { text: string }).text === "echoing");
  });
  (socket as WebSocket).terminate();
  expect(await open(`${address}?ticket=${ticket}`, {})).toBe(401);
  expect(await open(address, {})).toBe(401);
  expect(await open(address, { headers: { authorization: `Bearer ${world.stranger.token}` } })).toBe(404);
  const bearer = await open(address, { headers: authorization() });
  expect(bearer).toBeInstanceOf(WebSocket);
  (bearer as WebSocket).terminate();
});

test("databases, templates, packages and the machine are described", async () => {
  const { items } = await call("listTemplates", {});
  expect(items.length).toBeGreaterThanOrEqual(3);
  expect(await call("getTemplate", { params: { id: items[0]!.id } })).toHaveProperty("files");
  const made = await call("createApp", { body: { name: "With data", template: items.find(({ database }) => database)!.id } });
  const databases = await call("listDatabases", {});
  if (made.database) expect(databases.items.find(({ id }) => id === made.database!.id)!.apps.map(({ id }) => id)).toContain(made.id);
  await call("deleteApp", { params: { app: made.id } });
  expect((await call("listPackages", {})).builtIn.map(({ name }) => name)).toContain("fastapi");
  expect(await call("health", {})).toEqual({ status: "ok" });
  expect(await call("ready", {})).toEqual({ status: "ok" });
});

test("to a stranger nothing of anybody's is there, whatever the operation", async () => {
  const { id: template } = await call("createTemplate", { body: { name: "Private", app: app.id } });
  for (const name of [app.id, app.slug]) {
    const inputs = inputsFor({ app: name, deploymentId, requestId, template });
    for (const [id, row] of Object.entries(operations) as [OperationId, Operation][]) {
      if (!row.path.includes(":")) continue;
      const input = inputs[id];
      expect(input, `${id} has an input in world.ts`).toBeDefined();
      // What only administrators may do is refused before it is looked for.
      const answer = row.scope === "admin" ? refused("forbidden", 403) : refused("not_found", 404);
      await expect(world.stranger.client(id, input as never), `${id} of ${name}`).rejects.toMatchObject(answer);
    }
  }
  expect((await world.stranger.client("listApps", {})).items).toEqual([]);
  expect((await call("getApp", { params: { app: app.id } })).description).toBe("");
});

test("without sign-in every operation but the open ones is refused", async () => {
  for (const row of Object.values(operations) as Operation[]) {
    if (row.scope === "none") continue;
    const answer = await world.platform.call(row.path.replace(/:\w+/g, "x"), { method: row.method.toUpperCase() });
    expect([answer.status, (answer.json() as { code: string }).code], row.id).toEqual([401, "unauthenticated"]);
  }
});

test("a token does what its scopes say", async () => {
  const { token } = await call("createToken", { body: { name: "reader", scopes: ["read"] } });
  const headers = { authorization: `Bearer ${token}`, ...json };
  expect((await world.platform.call("/api/apps", { headers })).status).toBe(200);
  for (const [method, path] of [
    ["POST", "/api/apps"],
    ["POST", `/api/apps/${app.id}/proxy`],
    ["DELETE", `/api/apps/${app.id}`],
  ] as const) {
    const answer = await world.platform.call(path, { method, headers, ...(method === "POST" ? { body: "{}" } : {}) });
    expect([answer.status, answer.text], path).toEqual([403, expect.stringContaining(`"code":"forbidden"`)]);
  }
});
