import { describe, expect, test } from "vitest";
import { readSuggestions } from "./openapi.ts";
import { noCredentials } from "./request-auth.ts";
import { emptyRequest } from "./requests.ts";
import { completePath, withKeyName, withSuggestion } from "./suggestions.ts";

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const document = JSON.stringify({
  openapi: "3.1.0",
  paths: {
    "/items": {
      parameters: [{ name: "X-Tenant", in: "header", required: true, schema: { type: "string", default: "main" } }],
      get: {
        summary: "List items",
        parameters: [
          { name: "q", in: "query", required: true, schema: { type: "string" } },
          { name: "page", in: "query" },
          { name: "trace-id", in: "header", schema: { type: "string", format: "uuid" } },
          { name: "session", in: "cookie", required: true, schema: { type: "string" } },
        ],
      },
      post: { summary: "Add", requestBody: { content: { "application/json": { schema: ref("Item") } } }, security: [{ bearer: [] }] },
      "x-internal": { summary: "not a method" },
    },
    "/items/{id}": { get: { security: [{ key: [] }] }, delete: { security: [{ basic: [] }, {}] } },
    "/token": {
      post: { requestBody: { content: { "application/x-www-form-urlencoded": { schema: ref("Login") } } }, security: [{ basic: [] }] },
    },
    "/upload": { post: { requestBody: { $ref: "#/components/requestBodies/Upload" }, security: [{ inQuery: [] }] } },
  },
  components: {
    requestBodies: {
      Upload: { content: { "multipart/form-data": { schema: ref("Upload") } } },
    },
    securitySchemes: {
      bearer: { type: "oauth2", flows: {} },
      basic: { type: "http", scheme: "basic" },
      key: { type: "apiKey", in: "header", name: "X-My-Key" },
      inQuery: { type: "apiKey", in: "query", name: "api_key" },
    },
    schemas: {
      Login: {
        type: "object",
        properties: {
          username: { type: "string" },
          password: { type: "string", format: "password" },
          scope: { type: "string", default: "" },
        },
        required: ["username", "password"],
      },
      Upload: {
        type: "object",
        properties: {
          file: { type: "string", contentMediaType: "application/octet-stream" },
          more: { type: "array", items: { type: "string", format: "binary" } },
          title: { anyOf: [{ type: "string" }, { type: "null" }] },
          tags: { type: "array", items: { type: "string" } },
        },
        required: ["file"],
      },
      Item: {
        type: "object",
        properties: {
          name: { type: "string" },
          price: { anyOf: [{ type: "number" }, { type: "null" }] },
          parent: ref("Item"),
          tags: { type: "array", items: { type: "string" } },
        },
      },
    },
  },
});
const all = readSuggestions(document);
const find = (method: string, path: string) => all.find((each) => each.method === method && each.path.startsWith(path))!;

describe("suggestions from the app's OpenAPI document", () => {
  test("operations with their required query and an example body", () => {
    expect(all).toHaveLength(6);
    expect(find("GET", "/items")).toMatchObject({ path: "/items?q=text", body: null });
    expect(JSON.parse(find("POST", "/items").body!.text!)).toMatchObject({ name: "text", price: 1, tags: ["text"] });
  });

  test("headers and cookies: the required ones are on", () => {
    expect(find("GET", "/items").headers).toEqual([
      { name: "X-Tenant", value: "main", on: true },
      { name: "trace-id", value: "00000000-0000-4000-8000-000000000000", on: false },
      { name: "Cookie", value: "session=text", on: true },
    ]);
  });

  test("forms have their fields, multipart forms their files", () => {
    expect(find("POST", "/token").body).toEqual({
      bodyKind: "form",
      fields: [
        { name: "username", value: "text", on: true },
        { name: "password", value: "text", on: true },
        { name: "scope", value: "", on: false },
      ],
    });
    const part = { isFile: false, file: null };
    expect(find("POST", "/upload").body).toEqual({
      bodyKind: "multipart",
      parts: [
        { ...part, name: "file", value: "", on: true, isFile: true },
        { ...part, name: "more", value: "", on: false, isFile: true },
        { ...part, name: "title", value: "text", on: false },
        { ...part, name: "tags", value: "text", on: false },
      ],
    });
  });

  test("security schemes say who asks and how", () => {
    expect(find("POST", "/items").auth).toEqual({ kind: "bearer" });
    expect(find("POST", "/token").auth).toEqual({ kind: "basic" });
    expect(find("GET", "/items/{id}").auth).toEqual({ kind: "key", keyName: "X-My-Key" });
    expect(find("POST", "/upload")).toMatchObject({ auth: null, path: "/upload?api_key=" });
    // It may be called without.
    expect(find("DELETE", "/items/{id}").auth).toBeNull();
  });

  test("anything else gives none", () => {
    for (const text of ["", "<html>", "[]", '{"paths": 3}']) expect(readSuggestions(text)).toEqual([]);
  });
});

test("what begins so comes before what contains it", () => {
  const found = completePath(all, "/items/");
  expect(found.map(({ path }) => path)).toEqual(["/items/{id}", "/items/{id}"]);
  expect(completePath(all, "add")[0]?.method).toBe("POST");
});

test("a picked operation fills the request in and leaves what one wrote", () => {
  const own = { name: "x-tenant", value: "mine", on: true };
  const picked = withSuggestion({ ...emptyRequest, headers: [own] }, find("GET", "/items"));
  expect(picked).toMatchObject({ method: "GET", path: "/items?q=text", headers: [own, { name: "trace-id" }, { name: "Cookie" }] });
  expect(withSuggestion({ ...emptyRequest, text: "mine" }, find("DELETE", "/items"))).toMatchObject({ text: "mine", auth: "none" });
  expect(withSuggestion(emptyRequest, find("POST", "/upload"))).toMatchObject({ bodyKind: "multipart", parts: { length: 4 } });
  expect(withKeyName(noCredentials, find("GET", "/items/{id}"))).toMatchObject({ keyName: "X-My-Key" });
});
