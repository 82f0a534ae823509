import { describe, expect, test } from "vitest";
import { completePath, emptyRequest, parseHistory, parseRequest, readSuggestions, withSent, type Sent } from "./requests.ts";

describe("a request from what is typed", () => {
  test("a JSON body gets its content type, unless one is given", () => {
    expect(parseRequest({ method: "POST", path: "/items", headers: "", body: '{"a": 1}' })).toEqual({
      ok: true,
      request: { method: "POST", path: "/items", headers: { "Content-Type": "application/json" }, body: '{"a": 1}' },
    });
    expect(parseRequest({ method: "POST", path: "/", headers: "content-type: text/plain", body: "1" })).toMatchObject({
      request: { headers: { "content-type": "text/plain" } },
    });
  });

  test("GET carries no body, spaces in a path are encoded, an empty path is the root", () => {
    expect(parseRequest({ ...emptyRequest, path: "/a b", body: "left over" })).toEqual({
      ok: true,
      request: { method: "GET", path: "/a%20b" },
    });
    expect(parseRequest({ ...emptyRequest, path: " " })).toMatchObject({ request: { path: "/" } });
  });

  test.each([
    [{ path: "items" }, "path"],
    [{ path: "//evil.example" }, "path"],
    [{ path: "https://evil.example/" }, "path"],
    [{ headers: "no colon" }, "headers"],
    [{ headers: "Bad name: 1" }, "headers"],
  ])("%j is refused at its field", (fields, field) => {
    expect(parseRequest({ ...emptyRequest, ...fields })).toMatchObject({ ok: false, field });
  });
});

const document = JSON.stringify({
  openapi: "3.1.0",
  paths: {
    "/items": {
      get: {
        summary: "List items",
        parameters: [
          { name: "q", in: "query", required: true, schema: { type: "string" } },
          { name: "page", in: "query" },
        ],
      },
      post: { summary: "Add", requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Item" } } } } },
      "x-internal": { summary: "not a method" },
    },
    "/items/{id}": { get: {} },
  },
  components: {
    schemas: {
      Item: {
        type: "object",
        properties: {
          name: { type: "string" },
          price: { anyOf: [{ type: "number" }, { type: "null" }] },
          parent: { $ref: "#/components/schemas/Item" },
          tags: { type: "array", items: { type: "string" } },
        },
      },
    },
  },
});

describe("suggestions from the app's OpenAPI document", () => {
  test("operations with their required query and an example body", () => {
    const [list, add, one, ...rest] = readSuggestions(document);
    expect(rest).toEqual([]);
    expect(list).toMatchObject({ method: "GET", path: "/items?q=text", body: "" });
    expect(JSON.parse(add!.body)).toMatchObject({ name: "text", price: 1, tags: ["text"] });
    expect(one).toMatchObject({ path: "/items/{id}" });
  });

  test("anything else gives none", () => {
    for (const text of ["", "<html>", "[]", '{"paths": 3}']) expect(readSuggestions(text)).toEqual([]);
  });

  test("what begins so comes before what contains it", () => {
    const found = completePath(readSuggestions(document), "/items/");
    expect(found.map(({ path }) => path)).toEqual(["/items/{id}"]);
    expect(completePath(readSuggestions(document), "add")[0]?.method).toBe("POST");
  });
});

describe("history", () => {
  const sent = (path: string, status: number): Sent => ({
    at: "2026-11-21T05:00:00.000Z",
    request: { ...emptyRequest, path },
    status,
    latencyMs: 3,
  });

  test("is newest first, without doubles, and bounded", () => {
    const many = Array.from({ length: 30 }, (_, n) => sent(`/${n}`, 200)).reduce<Sent[]>(withSent, []);
    expect(many).toHaveLength(20);
    const again = withSent(many, sent("/20", 500));
    expect(again).toHaveLength(20);
    expect(again[0]).toMatchObject({ request: { path: "/20" }, status: 500 });
  });

  test("survives its storage, and unreadable text counts as none", () => {
    expect(parseHistory(JSON.stringify([sent("/", 200)]))).toEqual([sent("/", 200)]);
    expect(parseHistory("{")).toEqual([]);
    expect(parseHistory(null)).toEqual([]);
  });
});
