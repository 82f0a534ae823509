/** What the edge refuses, repeats and adds, over real HTTP. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { operations } from "#core/contract/operations/index.ts";
import { send, type Sent } from "../http.ts";
import { createApiWorld, type ApiWorld } from "./world.ts";

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld();
}, 120_000);
afterAll(() => world?.[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
async function ask(path: string, { headers = {}, ...sent }: Sent = {}) {
  const answer = await world.platform.call(path, { ...sent, headers: { authorization: `Bearer ${world.owner.token}`, ...headers } });
  return {
    ...answer,
    problem: answer.headers["content-type"] === "application/problem+json" ? (answer.json() as Record<string, unknown>) : null,
  };
}
const post = (path: string, body: string, headers: Record<string, string> = json) => ask(path, { method: "POST", body, headers });

test("every refusal is a problem document with a stable code and the request's id", async () => {
  const cases: [string, Promise<Awaited<ReturnType<typeof ask>>>, number, string][] = [
    ["malformed JSON", post("/api/apps", "{"), 400, "invalid_input"],
    ["an empty body", post("/api/apps", ""), 400, "invalid_input"],
    ["a wrong field", post("/api/apps", '{"name": 3}'), 400, "invalid_input"],
    ["an unknown field", post("/api/apps", '{"name": "a", "surprise": 1}'), 400, "invalid_input"],
    ["no content type", post("/api/apps", '{"name": "a"}', {}), 415, "unsupported_media_type"],
    ["a form", post("/api/apps", "name=a", { "content-type": "application/x-www-form-urlencoded" }), 415, "unsupported_media_type"],
    ["deep JSON", post("/api/apps", "[".repeat(5_000) + "]".repeat(5_000)), 400, "invalid_input"],
    ["not UTF-8", ask("/api/apps", { method: "POST", body: Buffer.from([0x22, 0xff, 0x22]), headers: json }), 400, "invalid_input"],
    ["3 MB", post("/api/apps", JSON.stringify({ name: "a", code: "x".repeat(3_000_000) })), 413, "payload_too_large"],
    ["a wrong query", ask("/api/apps?limit=1000"), 400, "invalid_input"],
    ["no such path", ask("/api/nothing"), 404, "not_found"],
    ["no such app", ask("/api/apps/nothing"), 404, "not_found"],
    ["a version that is no number", ask("/api/apps/nothing/versions/one"), 404, "not_found"],
    ["a wrong token", ask("/api/me", { headers: { authorization: "Bearer fp_wrong" } }), 401, "unauthenticated"],
  ];
  for (const [name, asked, status, code] of cases) {
    const answer = await asked;
    expect(answer.problem, `${name}: ${answer.text}`).toMatchObject({
      type: "about:blank",
      title: expect.any(String),
      status,
      code,
      requestId: answer.headers["x-request-id"],
    });
    expect(answer.status, name).toBe(status);
  }
  expect((await post("/api/apps", '{"name": 3}')).problem).toMatchObject({ problems: [{ path: "name", message: expect.any(String) }] });
});

test("a wrong method names the right ones", async () => {
  const answer = await ask("/api/apps", { method: "DELETE" });
  expect([answer.status, answer.problem?.["code"], answer.headers.allow]).toEqual([405, "method_not_allowed", "GET, HEAD, POST"]);
});

test("a write by cookie needs our own origin; a read does not", async () => {
  const signIn = await world.platform.call("/api/auth/sign-in/email", {
    method: "POST",
    headers: { ...json, origin: world.platform.url },
    body: JSON.stringify({ email: "owner@example.com", password: "correct horse battery" }),
  });
  const cookie = signIn.headers["set-cookie"]!.map((one) => one.split(";")[0]).join("; ");
  const write = (headers: Record<string, string>) =>
    world.platform.call("/api/apps", {
      method: "POST",
      headers: { ...json, cookie, ...headers },
      body: JSON.stringify({ name: "By cookie" }),
    });
  expect((await world.platform.call("/api/me", { headers: { cookie } })).status).toBe(200);
  for (const headers of [
    {},
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: world.platform.url.replace("localhost", "app.localhost") },
    { origin: world.platform.url, "sec-fetch-site": "same-site" },
  ]) {
    const answer = await write(headers as Record<string, string>);
    expect([answer.status, (answer.json() as { code: string }).code], JSON.stringify(headers)).toEqual([403, "bad_origin"]);
  }
  expect((await write({ origin: world.platform.url, "sec-fetch-site": "same-origin" })).status).toBe(201);
});

test("an Idempotency-Key does the work once, at once or later, and for one body only", async () => {
  const create = (name: string, key = "key-1") => post("/api/apps", JSON.stringify({ name }), { ...json, "idempotency-key": key });
  const count = async () => ((await ask("/api/apps?limit=200")).json() as { items: unknown[] }).items.length;
  const before = await count();
  const together = await Promise.all([create("Once"), create("Once"), create("Once")]);
  expect(together.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
  for (const { status } of together) expect([201, 409]).toContain(status);
  const later = await create("Once");
  expect([later.status, later.headers["idempotency-replayed"]]).toEqual([201, "true"]);
  expect(new Set([...together.filter(({ status }) => status === 201), later].map(({ text }) => text)).size).toBe(1);
  expect((await create("Another")).problem).toMatchObject({ status: 422, code: "invalid_request" });
  expect(await count()).toBe(before + 1);
  // Refusals are answers too; another user's key is another key.
  expect((await post("/api/apps/nothing/deploy", "", { "idempotency-key": "key-2" })).status).toBe(404);
  const other = await world.platform.call("/api/apps", {
    method: "POST",
    headers: { ...json, authorization: `Bearer ${world.stranger.token}`, "idempotency-key": "key-1" },
    body: JSON.stringify({ name: "Theirs" }),
  });
  expect(other.status).toBe(201);
});

test("a token that was shown once is not shown again for the same key", async () => {
  const make = () => post("/api/tokens", JSON.stringify({ name: "once" }), { ...json, "idempotency-key": "token-key" });
  expect((await make()).status).toBe(201);
  const again = await make();
  expect([again.status, again.problem?.["code"]]).toEqual([409, "conflict"]);
  expect(again.text).not.toContain("fp_");
});

test("better-auth's refusals are problem documents too", async () => {
  const wrong = await world.platform.call("/api/auth/sign-in/email", {
    method: "POST",
    headers: json,
    body: JSON.stringify({ email: "owner@example.com", password: "not this one" }),
  });
  expect([wrong.status, wrong.headers["content-type"]]).toEqual([401, "application/problem+json"]);
  expect(wrong.json()).toMatchObject({ code: "unauthenticated", status: 401, detail: expect.any(String) });
});

test("the document describes every operation by its id", async () => {
  const answer = await world.platform.call("/api/openapi.json");
  const document = answer.json() as { openapi: string; paths: Record<string, Record<string, { operationId: string; responses: object }>> };
  expect(document.openapi).toBe("3.1.0");
  expect(document.paths["/api/apps/{app}/deploy"]!["post"]).toMatchObject({
    operationId: "deployApp",
    responses: { "202": {}, "422": {} },
  });
  expect(Object.keys(document.paths).filter((path) => path.includes(":"))).toEqual([]);
  const described = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(described.toSorted()).toEqual(Object.keys(operations).toSorted());
});

test("pages carry a policy with a nonce, data none that runs; 127.0.0.1 leads pages to the public address", async () => {
  const page = await world.platform.call("/apps", { headers: { accept: "text/html" } });
  expect(page.status).toBe(302);
  expect(page.headers["location"]).toBe("/sign-in?next=%2Fapps");
  expect(page.headers["content-security-policy"]).toMatch(/script-src 'self' 'nonce-[\w+/=]{20,}' 'wasm-unsafe-eval'/);
  expect((await world.platform.call("/healthz")).headers["content-security-policy"]).toContain("default-src 'none'");
  expect((await world.platform.call("/assets/nothing.js")).status).toBe(404);
  const loopback = await send(world.platform.port, `127.0.0.1:${world.platform.port}`, "/apps?a=1");
  expect([loopback.status, loopback.headers.location]).toEqual([307, `${world.platform.url}/apps?a=1`]);
  expect((await send(world.platform.port, `127.0.0.1:${world.platform.port}`, "/healthz")).status).toBe(200);
  expect((await send(world.platform.port, "elsewhere.example", "/api/me")).status).toBe(404);
});

test("a form sent from another site is refused before any page sees it", async () => {
  for (const headers of [{ origin: "http://evil.example" }, { origin: world.platform.url, "sec-fetch-site": "same-site" }]) {
    const answer = await world.platform.call("/?index", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...(headers as Record<string, string>) },
      body: "a=1",
    });
    expect([answer.status, (answer.json() as { code: string }).code]).toEqual([403, "bad_origin"]);
  }
});
