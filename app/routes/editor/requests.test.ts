import { describe, expect, test } from "vitest";
import { noCredentials, toAuthorization } from "./request-auth.ts";
import { emptyRequest, parseRequest, toProxyRequest, type RequestDraft } from "./requests.ts";

const parse = (fields: Partial<RequestDraft>, credentials = noCredentials) => parseRequest({ ...emptyRequest, ...fields }, credentials);
const row = (name: string, value: string, on = true) => ({ name, value, on });
async function toSent(fields: Partial<RequestDraft>, credentials = noCredentials) {
  const parsed = parse(fields, credentials);
  if (!parsed.ok) throw new Error(parsed.message);
  return toProxyRequest(parsed.request);
}

describe("a request from what is typed", () => {
  test("a body of JSON or text gets its content type, unless one is given", async () => {
    expect(await toSent({ method: "POST", path: "/items", text: '{"a": 1}' })).toEqual({
      method: "POST",
      path: "/items",
      headers: { "Content-Type": "application/json" },
      body: '{"a": 1}',
    });
    expect(await toSent({ method: "POST", bodyKind: "text", text: "1" })).toMatchObject({
      headers: { "Content-Type": "text/plain; charset=utf-8" },
    });
    const own = await toSent({ method: "POST", text: "1\n2", headers: [row("content-type", "application/x-ndjson")] });
    expect(own).toMatchObject({ headers: { "content-type": "application/x-ndjson" }, body: "1\n2" });
  });

  test("GET carries no body, spaces in a path are encoded, an empty path is the root", async () => {
    expect(await toSent({ path: "/a b", text: "left over" })).toEqual({ method: "GET", path: "/a%20b" });
    expect(await toSent({ path: " " })).toEqual({ method: "GET", path: "/" });
  });

  test("rows that are off or have no name are not sent; a name twice is one list", async () => {
    const headers = [row("X-A", "1"), row("x-a", "2"), row("X-Off", "3", false), row("", ""), row("Cookie", "a=1"), row("cookie", "b=2")];
    expect((await toSent({ headers })).headers).toEqual({ "X-A": "1, 2", Cookie: "a=1; b=2" });
    const fields = [row("q", "a & b"), row("q", "ü"), row("off", "1", false), row("", "nameless")];
    expect(await toSent({ method: "POST", bodyKind: "form", fields })).toMatchObject({
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: "q=a+%26+b&q=%C3%BC",
    });
  });

  test("a multipart form is bytes with a boundary of its own, files as they are", async () => {
    const file = { name: 'a"b.bin', type: "image/png", sizeBytes: 4, content: new Blob([new Uint8Array([255, 0, 13, 10])]) };
    const part = { on: true, isFile: false, file: null };
    const sent = await toSent({
      method: "POST",
      bodyKind: "multipart",
      parts: [
        { ...part, name: "title", value: "Ünïque" },
        { ...part, name: "up", value: "", isFile: true, file },
        { ...part, name: "off", value: "", on: false, isFile: true },
      ],
    });
    expect(sent.bodyEncoding).toBe("base64");
    const type = sent.headers!["Content-Type"]!;
    // Read back by another parser than the one that wrote it in a browser.
    const form = await new Response(Buffer.from(sent.body!, "base64"), { headers: { "content-type": type } }).formData();
    expect([...form.keys()]).toEqual(["title", "up"]);
    expect(form.get("title")).toBe("Ünïque");
    const up = form.get("up") as File;
    expect([up.name.replaceAll("%22", '"'), up.type, ...new Uint8Array(await up.arrayBuffer())]).toEqual([
      'a"b.bin',
      "image/png",
      255,
      0,
      13,
      10,
    ]);
  });

  const nothingChosen = { name: "up", value: "", on: true, isFile: true, file: null };
  test.each<[Partial<RequestDraft>, string, RegExp]>([
    [{ path: "items" }, "path", /begins with one/i],
    [{ path: "//evil.example" }, "path", /begins with one/i],
    [{ path: "https://evil.example/" }, "path", /begins with one/i],
    [{ headers: [row("Bad name", "1")] }, "headers", /no name for a header/],
    [{ headers: [row("Host", "other")] }, "headers", /always the app's own/],
    [{ headers: [row("X-Forwarded-For", "1")] }, "headers", /set by the platform/],
    [{ headers: [row("Content-Length", "1")] }, "headers", /follows from the body/],
    [{ headers: [row("X-A", "line\nbreak")] }, "headers", /no header can carry/],
    [{ headers: [row("", "value")] }, "headers", /needs a name/],
    [{ auth: "bearer" }, "auth", /Give a token/],
    [{ method: "POST", text: '{"a": }' }, "body", /line 1, column 7/],
    [{ method: "POST", bodyKind: "multipart", parts: [nothingChosen] }, "body", /Choose a file for up/],
    [{ method: "POST", bodyKind: "multipart", headers: [row("Content-Type", "multipart/form-data")] }, "body", /its own Content-Type/],
  ])("%j is refused at its field", (fields, field, message) => {
    expect(parse(fields)).toMatchObject({ ok: false, field, message: expect.stringMatching(message) });
  });

  test("a mistake in JSON has its place; what is not meant to be JSON is sent", () => {
    expect(parse({ method: "POST", text: "[1,\n x]" })).toMatchObject({ ok: false, at: 5 });
    expect(parse({ method: "POST", text: "x", headers: [row("Content-Type", "application/problem+json")] })).toMatchObject({ ok: false });
    expect(parse({ method: "POST", bodyKind: "text", text: "[1" })).toMatchObject({ ok: true });
  });

  test("files of more than 10 MB are refused before they are read", () => {
    const file = { name: "big", type: "", sizeBytes: 10_000_001, content: new Blob([]) };
    const refused = parse({ method: "POST", bodyKind: "multipart", parts: [{ ...nothingChosen, file }] });
    expect(refused).toMatchObject({ ok: false, field: "body", message: expect.stringContaining("larger than") });
  });
});

describe("credentials", () => {
  const given = { token: " t ", user: "ada", password: "pä:ss", keyName: "X-Key", key: "k" };
  test("each kind has its header", async () => {
    expect((await toSent({ auth: "bearer" }, given)).headers).toEqual({ Authorization: "Bearer t" });
    const basic = (await toSent({ auth: "basic" }, given)).headers!["Authorization"]!;
    expect(Buffer.from(basic.replace("Basic ", ""), "base64").toString()).toBe("ada:pä:ss");
    expect((await toSent({ auth: "key" }, given)).headers).toEqual({ "X-Key": "k" });
  });

  test("what no header can carry, and a header that stands twice, are told", () => {
    expect(toAuthorization("bearer", { ...given, token: "a\nb" })).toMatchObject({ ok: false });
    expect(toAuthorization("basic", { ...given, user: "a:b" })).toMatchObject({ ok: false });
    expect(toAuthorization("key", { ...given, keyName: "no name" })).toMatchObject({ ok: false });
    expect(parse({ auth: "bearer", headers: [row("authorization", "x")] }, given)).toMatchObject({ ok: false, field: "auth" });
  });
});
