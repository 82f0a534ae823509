import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePlainRequest } from "./plain-request.ts";
import type { PlainRequest } from "./plain-request.ts";

const parse = (head: string): PlainRequest | null => parsePlainRequest(Buffer.from(`${head}\r\n`, "latin1"));

const lines = (...fields: string[]): string => ["GET /a?b=c#d HTTP/1.1", ...fields, ""].join("\r\n");

test("a browser's request is plain", () => {
  const fields = [
    "Host: notes.localhost:3000",
    "user-agent:Mozilla/5.0 (X11)",
    "Connection: Keep-Alive",
    "Cookie: a=1;\tb=caf\xe9 ",
    "X-Empty:",
  ];
  expect(parse(lines(...fields))).toEqual({
    next: lines(...fields).length + 2,
    method: "GET",
    target: "/a?b=c#d",
    host: "notes.localhost:3000",
    rawHeaders: [
      "Host",
      "notes.localhost:3000",
      "user-agent",
      "Mozilla/5.0 (X11)",
      "Connection",
      "Keep-Alive",
      "Cookie",
      "a=1;\tb=caf\xe9",
      "X-Empty",
      "",
    ],
  });
  expect(parse("HEAD / HTTP/1.1\r\nhost: x\r\n")).toMatchObject({ method: "HEAD", target: "/" });
});

describe("everything else is left to node", () => {
  test.each([
    "",
    "GET",
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.0\r\nHost: x\r\n",
    "GET / HTTP/1.1 \r\nHost: x\r\n",
    "GET  / HTTP/1.1\r\nHost: x\r\n",
    "GET /a b HTTP/1.1\r\nHost: x\r\n",
    "GET /caf\xe9 HTTP/1.1\r\nHost: x\r\n",
    "GET http://x/ HTTP/1.1\r\nHost: x\r\n",
    "GET * HTTP/1.1\r\nHost: x\r\n",
    "GET HTTP/1.1\r\nHost: x\r\n",
    "get / HTTP/1.1\r\nHost: x\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\n",
    "OPTIONS / HTTP/1.1\r\nHost: x\r\n",
    "\r\nGET / HTTP/1.1\r\nHost: x\r\n",
    lines("Host:"),
    lines("Host: x", "host: x"),
    lines("Host: x", "Content-Length: 0"),
    lines("Host: x", "content-length: 1"),
    lines("Host: x", "Transfer-Encoding: chunked"),
    lines("Host: x", "Expect: 100-continue"),
    lines("Host: x", "Upgrade: websocket"),
    lines("Host: x", "HTTP2-Settings: x"),
    lines("Host: x", "Trailer: x"),
    lines("Host: x", "Proxy-Connection: close"),
    lines("Host: x", "Connection: close"),
    lines("Host: x", "Connection: keep-alive, X"),
    lines("Host: x", " folded"),
    lines("Host: x", "A: b", "\tfolded"),
    lines("Host: x", "No colon"),
    lines("Host: x", "Space : before"),
    lines("Host: x", ": no name"),
    lines("Host: x", "A: b\x01"),
    lines("Host: x", "A: b\nC: d"),
    lines("Host: x", "A: b\rC: d"),
    lines("Host: x", "\xe4: b"),
    lines("Host: x", ...Array.from({ length: 100 }, (_, index) => `X-${index}: 1`)),
  ])("%j", (head) => {
    expect(parse(head)).toBeNull();
  });
});

/** What node's own server makes of `text`; null when it takes it for no request, or waits for more. */
function readByNode(text: string): Promise<IncomingMessage | null> {
  return new Promise((resolve) => {
    const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, (req, res) => {
      res.end();
      resolve(req);
    });
    server.on("clientError", () => resolve(null));
    server.on("upgrade", () => resolve(null));
    const connection = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    server.emit("connection", connection);
    connection.push(Buffer.from(text, "latin1"));
    // A turn of the event loop after the bytes were read, whatever is to come has come.
    setImmediate(() => setImmediate(() => setImmediate(() => resolve(null))));
  });
}

const special = ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "Cookie", "TE", "Trailer", "Keep-Alive"];

/** Mostly what is right, now and then what is not: both sides must be met. */
const mostly = (usual: fc.Arbitrary<string>, ...rare: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 20, arbitrary: usual }, ...rare.map((arbitrary) => ({ weight: 1, arbitrary })));
const bytes = fc.string({ unit: "binary-ascii", maxLength: 10 });
const name = mostly(fc.stringMatching(/^[A-Za-z-]{1,8}$/), fc.constantFrom(...special), fc.constantFrom(...special), bytes);
const value = mostly(fc.stringMatching(/^[ -~]{0,12}$/), fc.constantFrom("keep-alive", "close", "0", "5", "chunked"), bytes);
const field = fc
  .tuple(name, mostly(fc.constantFrom(": ", ":", ":\t"), fc.constant(" : ")), value, mostly(fc.constant("\r\n"), fc.constant("\n")))
  .map((parts) => parts.join(""));
const request = fc
  .tuple(
    mostly(fc.constantFrom("GET", "HEAD"), fc.constantFrom("POST", "get", "PRI", "OPTIONS")),
    mostly(
      fc.stringMatching(/^\/[!-~]{0,10}$/),
      fc.constant("*"),
      bytes.map((text) => `/${text}`),
    ),
    mostly(fc.constant("HTTP/1.1"), fc.constantFrom("HTTP/1.0", "HTTP/2.0")),
    mostly(fc.constant("Host: x\r\n"), fc.constant("")),
    fc.array(field, { maxLength: 4 }),
  )
  .map(([method, target, version, host, fields]) => `${method} ${target} ${version}\r\n${host}${fields.join("")}`);

test("what it takes for a request, node reads the same way: method, target, every field, no body", { timeout: 60_000 }, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(request, async (head) => {
      const plain = parse(head);
      if (plain === null) return;
      taken += 1;
      const { next, ...expected } = plain;
      expect(next).toBe(head.length + 2);
      const node = await readByNode(`${head}\r\n`);
      expect(node).not.toBeNull();
      expect({ method: node!.method, target: node!.url, rawHeaders: node!.rawHeaders, host: node!.headers.host }).toEqual(expected);
      expect([node!.httpVersion, node!.complete]).toEqual(["1.1", true]);
    }),
    { numRuns: 2_000 },
  );
  expect(taken).toBeGreaterThan(500);
  expect(taken).toBeLessThan(1_900);
});
