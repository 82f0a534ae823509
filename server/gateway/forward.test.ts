import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHarness } from "./harness.test-part.ts";
import type { Harness } from "./harness.test-part.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(() => harness.close());

test("an answer comes as the app wrote it: order, case, repeated headers, no date of ours", async () => {
  const written = ["X-One", "1", "Set-Cookie", "a=1; Path=/", "x-TWO", "2", "Set-Cookie", "b=2; HttpOnly", "Content-Length", "2"];
  await harness.awake((_req, res) => {
    res.sendDate = false;
    res.writeHead(201, "Made", written).end("ok");
  });
  const answer = await harness.get("/things?q=1&q=2&secret=x");
  expect([answer.status, answer.message, answer.body]).toEqual([201, "Made", "ok"]);
  expect(answer.rawHeaders.slice(0, written.length)).toEqual(written);
  expect(answer.headers.date).toBeUndefined();
  expect(harness.records).toMatchObject([
    {
      appId: "a1",
      method: "GET",
      path: "/things",
      queryNames: ["q", "secret"],
      status: 201,
      bytesIn: 0,
      bytesOut: 2,
      coldStartMs: null,
      version: 3,
      instanceId: "i1",
      answeredBy: "app",
    },
  ]);
  expect(harness.runtime.entered).toBe(0);
});

test("the app sees the caller's headers and ours, and none that are not its business", async () => {
  let seen: IncomingMessage | undefined;
  await harness.awake((req, res) => {
    seen = req;
    res.end();
  });
  await harness.get("/", {
    headers: {
      "X-Custom": "1",
      "x-fp-instance": "forged",
      "X-FP-Other": "1",
      "x-request-id": "mine",
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-host": "evil",
      forwarded: "for=6.6.6.6",
      connection: "close, X-Dropped",
      "x-dropped": "1",
      te: "trailers",
      cookie: "a=1; fp.session=s; __Host-fp.session=t; b=2",
      "HX-Request": "true",
      "hx-current-url": "http://x/y?secret=1",
    },
  });
  const record = harness.records[0]!;
  expect(seen?.rawHeaders).toContain("X-Custom");
  expect(seen?.headers).toMatchObject({
    host: "notes.localhost:3000",
    cookie: "a=1; b=2",
    "x-fp-instance": "i1",
    "x-request-id": record.id,
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "notes.localhost:3000",
  });
  expect(seen?.headers.traceparent).toMatch(new RegExp(`^00-${record.id}-[0-9a-f]{16}-01$`));
  for (const name of ["x-fp-other", "forwarded", "x-dropped", "te"]) expect(seen?.headers[name]).toBeUndefined();
  expect(record.hx).toEqual({ "hx-request": "true", "hx-current-url": "http://x/y" });
});

test("a trusted proxy's word on the visitor is believed", async () => {
  await harness.close();
  harness = await createHarness({ trustedProxies: ["127.0.0.0/8"] });
  let seen: IncomingMessage["headers"] = {};
  await harness.awake((req, res) => {
    seen = req.headers;
    res.end();
  });
  await harness.get("/", {
    headers: { "x-forwarded-for": "9.9.9.9", "x-forwarded-proto": "https", "x-forwarded-host": "notes.example.com" },
  });
  expect(seen).toMatchObject({
    "x-forwarded-for": "9.9.9.9, 127.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "notes.example.com",
  });
});

test("HEAD, 204, 304 and chunked answers keep their shape, on one connection to the app", async () => {
  const connections = new Set<unknown>();
  await harness.awake((req, res) => {
    connections.add(req.socket);
    if (req.url === "/head") res.writeHead(200, { "content-length": "1234" }).end();
    else if (req.url === "/204") res.writeHead(204).end();
    else if (req.url === "/304") res.writeHead(304, { etag: '"x"' }).end();
    else {
      res.write("one");
      res.end("two");
    }
  });
  expect(await harness.get("/head", { method: "HEAD" })).toMatchObject({ status: 200, body: "", headers: { "content-length": "1234" } });
  expect(await harness.get("/204")).toMatchObject({ status: 204, body: "" });
  expect(await harness.get("/304")).toMatchObject({ status: 304, headers: { etag: '"x"' } });
  expect(await harness.get("/chunked")).toMatchObject({ body: "onetwo", headers: { "transfer-encoding": "chunked" } });
  expect(connections.size).toBe(1);
});

test("a cookie wider than the app's host loses its Domain; others are left alone", async () => {
  await harness.awake((_req, res) => {
    res.writeHead(200, ["Set-Cookie", "a=1; Domain=localhost; Path=/", "Set-Cookie", "b=2; Domain=notes.localhost; Path=/"]).end();
  });
  expect((await harness.get("/")).headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2; Domain=notes.localhost; Path=/"]);
});

test("the runner's own paths are out of reach in every spelling", async () => {
  let reached = 0;
  await harness.awake((_req, res) => {
    reached += 1;
    res.end();
  });
  for (const path of [
    "/_platform/health",
    "/_platform",
    "/%5fplatform/health",
    "/_pl%61tform/x?y",
    "//_platform/health",
    "/./_platform/x",
  ]) {
    expect((await harness.get(path)).status, path).toBe(404);
  }
  expect((await harness.get("/_platformer")).status).toBe(200);
  expect(reached).toBe(1);
});

test("an answer that is no HTTP is a 502 with a request id and no internals", async () => {
  const instance = await harness.awake(() => {});
  instance.server.on("connection", (socket) => socket.end("garbage\r\n\r\n"));
  const answer = await harness.get("/");
  expect(answer.status).toBe(502);
  expect(JSON.parse(answer.body)).toEqual({
    type: "about:blank",
    title: "The app's answer cannot be passed on",
    status: 502,
    code: "app_failed",
    detail: "What it sent is not HTTP/1.1.",
    requestId: harness.records[0]!.id,
  });
});

test("an app that never begins to answer is a 504", async () => {
  await harness.close();
  harness = await createHarness({ limits: { answerMs: 500 } });
  await harness.awake(() => {});
  expect((await harness.get("/")).status).toBe(504);
});
