import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHarness, until } from "../harness.test-part.ts";
import type { Answer, Harness } from "../harness.test-part.ts";
import { insertTags } from "./preview-html.ts";
import { isLinkPreview } from "./preview.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await createHarness();
});
afterEach(() => harness.close());

const BOT = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)";
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const TAGS = `<meta property="og:title" content="Notes &amp; more">
<meta property="og:description" content="Says &quot;hello&quot; &#8211; to &lt;you&gt;">
<meta property="og:url" content="http://notes.localhost:3000/page?a=1&amp;b=2">
<meta property="og:type" content="website">
`;

const ask = (agent: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> =>
  harness.get("/page?a=1&b=2", { method, headers: { "user-agent": agent, ...headers } });

const page = (html: string | Buffer, headers: Record<string, string> = {}) =>
  harness.awake((_req, res) => res.writeHead(200, { "content-type": "text/html; charset=utf-8", ...headers }).end(html));

test.each([
  BOT,
  "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
  "Twitterbot/1.0",
  "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
  "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
  "WhatsApp/2.23.20.0",
  "TelegramBot (like TwitterBot)",
  "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
])("%s asks for a preview; browsers, search engines and other methods do not", (agent) => {
  const asks = (userAgent: string, method = "GET", url = "/") =>
    isLinkPreview({ method, url, headers: { "user-agent": userAgent } } as Parameters<typeof isLinkPreview>[0]);
  expect(asks(agent)).toBe(true);
  expect(asks(agent, "POST")).toBe(false);
  expect(asks(agent, "GET", "/robots.txt")).toBe(false);
  expect(asks(BROWSER)).toBe(false);
  expect(asks("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")).toBe(false);
});

test("a page without tags gets them, with the right length; nothing else of it changes", async () => {
  const html = "<!doctype html><html><!-- <head> --><head data-x='1'><title>Café</title></head><body>…</body></html>";
  let asked: Record<string, unknown> = {};
  await harness.awake((req, res) => {
    asked = req.headers;
    res
      .writeHead(200, { "content-type": "text/html; charset=utf-8", "content-length": Buffer.byteLength(html), etag: '"1"', "x-own": "1" })
      .end(html);
  });
  const answer = await ask(BOT, { "accept-encoding": "gzip, br", range: "bytes=0-100", "if-none-match": '"1"' });
  expect(answer.body).toBe(html.replace("<head data-x='1'>", (head) => head + TAGS));
  expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(answer.body)));
  expect(answer.headers).toMatchObject({ "x-own": "1", "cache-control": "no-store" });
  expect(answer.headers.etag).toBeUndefined();
  expect(asked["accept-encoding"]).toBe("identity");
  for (const name of ["range", "if-none-match"]) expect(asked[name]).toBeUndefined();
  expect(harness.records[0]).toMatchObject({ status: 200, bytesOut: Buffer.byteLength(html), answeredBy: "app" });
});

test("a page that comes in pieces gets them once its head is there, and goes on as it comes", async () => {
  let stream: ServerResponse | undefined;
  await harness.awake((_req, res) => {
    stream = res.writeHead(200, { "content-type": "text/html" });
    stream.write("<html><he");
  });
  const answer = ask(BOT);
  await until(() => stream !== undefined);
  stream!.write("ad></head><body>");
  await until(() => harness.runtime.entered === 1);
  stream!.end("rest");
  expect((await answer).body).toBe(`<html><head>${TAGS}</head><body>rest`);
});

test.each([
  ["of another method", "HEAD", {}, BOT],
  ["of a browser", "GET", {}, BROWSER],
  ["without a user agent", "GET", {}, ""],
] as const)("every byte and header of an answer %s is the app's", async (_whose, method, headers, agent) => {
  const html = Buffer.from("<html><head></head>caf\xe9</html>", "latin1");
  await page(html, { "content-length": String(html.length), etag: '"1"', "x-own": "1" });
  const answer = await ask(agent, { "accept-encoding": "gzip", ...headers }, method);
  expect(answer.bytes.equals(method === "HEAD" ? Buffer.alloc(0) : html)).toBe(true);
  expect(answer.rawHeaders.slice(0, 8)).toEqual([
    ...["content-type", "text/html; charset=utf-8", "content-length", String(html.length), "etag", '"1"', "x-own", "1"],
  ]);
});

test.each([
  ["has tags of its own", "<html><head><meta property='og:title' content='Mine'></head></html>", {}, 200],
  ["is compressed all the same", gzipSync("<html><head></head></html>"), { "content-encoding": "gzip" }, 200],
  ["is no whole answer", "<html><head></head></html>", {}, 404],
  ["is an image", Buffer.from([1, 2, 3]), { "content-type": "image/png" }, 200],
] as const)("an answer that %s passes untouched", async (_what, body, headers, status) => {
  await harness.awake((_req, res) => res.writeHead(status, { "content-type": "text/html", etag: '"1"', ...headers }).end(body));
  const answer = await ask(BOT);
  expect(answer.status).toBe(status);
  expect(answer.bytes.equals(Buffer.from(body))).toBe(true);
  expect(answer.headers.etag).toBe('"1"');
});

test("what is no page becomes a card, whatever its size, and the app is not asked for the rest", async () => {
  let left = false;
  await harness.awake((_req, res) => {
    res.writeHead(200, { "content-type": "application/json" });
    res.on("close", () => (left = true));
    res.write('{"endless":[');
  });
  const answer = await ask(BOT);
  expect(answer.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "content-length": String(answer.bytes.length) });
  expect(answer.body).toContain("<title>Notes &amp; more</title>");
  expect(answer.body).toContain(TAGS);
  expect(answer.body).not.toContain("endless");
  await until(() => left && harness.runtime.entered === 0);
});

test("a sleeping app is waited for: no page that asks again", async () => {
  await harness.close();
  harness = await createHarness({ limits: { wakingPageAfterMs: 20 } });
  const instance = await harness.serve("woken", (_req, res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>hi"));
  harness.runtime.onWake = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    harness.runtime.ready = [instance.endpoint];
    return { endpoint: instance.endpoint, waitedMs: 100 };
  };
  expect((await ask(BOT, { accept: "text/html" })).body).toBe(`${TAGS}<p>hi`);
});

test("a head that does not come within 64 KB is not waited for", async () => {
  const filler = "x".repeat(200_000);
  await page(`<html>${filler}`);
  expect((await ask(BOT)).body).toBe(`<html>${TAGS}${filler}`);
});

describe("tags go where a head begins", () => {
  const put = (html: string) => insertTags(Buffer.from(html, "latin1"), Buffer.from("T")).toString("latin1");
  test.each([
    ["<head>x", "<head>Tx"],
    ["<HTML lang=en><body>", "<HTML lang=en>T<body>"],
    ["<!DOCTYPE html><p>", "<!DOCTYPE html>T<p>"],
    ["\xef\xbb\xbf<p>", "\xef\xbb\xbfT<p>"],
    ["<p>", "T<p>"],
    ["", "T"],
    ["<header>", "T<header>"],
    ["<!-- <meta property=og:title> --><head>", "<!-- <meta property=og:title> --><head>T"],
    ["<head><meta property=og:title content=x>", "<head><meta property=og:title content=x>"],
    ["\xff\xfe<\0h\0", "\xff\xfe<\0h\0"],
  ])("%j becomes %j", (html, changed) => expect(put(html)).toBe(changed));
});
