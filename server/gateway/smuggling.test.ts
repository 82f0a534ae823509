import type { IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHarness } from "./harness.test-part.ts";
import type { Harness } from "./harness.test-part.ts";

/** What follows on the same connection, and must never be taken for a request of its own once the first one is in doubt. */
const SECOND = "GET /second HTTP/1.1\r\nHost: notes.localhost:3000\r\n\r\n";
const HEAD = "POST /first HTTP/1.1\r\nHost: notes.localhost:3000\r\n";
const EMPTY_CHUNKED = "0\r\n\r\n";

let harness: Harness;
let seen: string[];
beforeEach(async () => {
  harness = await createHarness();
  seen = [];
  await harness.awake((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    void echo(req).then(
      (body) => res.end(`[${body}]`),
      () => {},
    );
  });
});
afterEach(() => harness.close());

async function echo(req: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of req) body += String(chunk);
  return body;
}

/** A request of doubtful form, and why another reader might see another end of it. */
const doubtful: readonly [string, string][] = [
  ["a length, then chunks", `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${EMPTY_CHUNKED}`],
  ["chunks, then a length", `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${EMPTY_CHUNKED}`],
  ["two lengths", `${HEAD}Content-Length: 0\r\nContent-Length: 44\r\n\r\n`],
  ["the same length twice", `${HEAD}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
  ["a list of lengths", `${HEAD}Content-Length: 0, 44\r\n\r\n`],
  ["a signed length", `${HEAD}Content-Length: +0\r\n\r\n`],
  ["a negative length", `${HEAD}Content-Length: -1\r\n\r\n`],
  ["a hexadecimal length", `${HEAD}Content-Length: 0x0\r\n\r\n`],
  ["an endless length", `${HEAD}Content-Length: 99999999999999999999999\r\n\r\n`],
  ["a length in two words", `${HEAD}Content-Length: 0 44\r\n\r\n`],
  ["a length without a number", `${HEAD}Content-Length:\r\n\r\n`],
  ["chunked twice", `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${EMPTY_CHUNKED}`],
  ["chunked, then identity", `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${EMPTY_CHUNKED}`],
  ["identity", `${HEAD}Transfer-Encoding: identity\r\n\r\n`],
  ["gzip, chunked", `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n${EMPTY_CHUNKED}`],
  ["an encoding that looks like chunked", `${HEAD}Transfer-Encoding: xchunked\r\n\r\n${EMPTY_CHUNKED}`],
  ["chunked in quotes", `${HEAD}Transfer-Encoding: "chunked"\r\n\r\n${EMPTY_CHUNKED}`],
  ["chunked with a parameter", `${HEAD}Transfer-Encoding: chunked;a=b\r\n\r\n${EMPTY_CHUNKED}`],
  ["chunked behind a vertical tab", `${HEAD}Transfer-Encoding: \x0bchunked\r\n\r\n${EMPTY_CHUNKED}`],
  ["chunked on a folded line", `${HEAD}Transfer-Encoding:\r\n chunked\r\n\r\n${EMPTY_CHUNKED}`],
  [
    "chunks in HTTP/1.0",
    `POST /first HTTP/1.0\r\nHost: notes.localhost:3000\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n${EMPTY_CHUNKED}`,
  ],
  ["a space before the colon", `${HEAD}Transfer-Encoding : chunked\r\n\r\n${EMPTY_CHUNKED}`],
  ["a tab before the colon", `${HEAD}Content-Length\t: 0\r\n\r\n`],
  ["a folded line", `${HEAD}X-A: 1\r\n Content-Length: 44\r\n\r\n`],
  ["a folded first line", "POST /first HTTP/1.1\r\n Host: x\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["bare line feeds", "POST /first HTTP/1.1\nHost: notes.localhost:3000\n\n"],
  ["a bare line feed behind a header", `${HEAD}X-A: 1\nContent-Length: 44\r\n\r\n`],
  ["a bare line feed as the end", "POST /first HTTP/1.1\r\nHost: notes.localhost:3000\r\n\n"],
  ["a bare carriage return", `${HEAD}X-A: 1\rContent-Length: 44\r\n\r\n`],
  ["a NUL in a value", `${HEAD}X-A: a\0b\r\n\r\n`],
  ["a NUL in a name", `${HEAD}X\0A: b\r\n\r\n`],
  ["a NUL in the path", "GET /first\0 HTTP/1.1\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["a header without a name", `${HEAD}: b\r\n\r\n`],
  ["a header without a colon", `${HEAD}nothing\r\n\r\n`],
  ["a name that is no token", `${HEAD}X(A): b\r\n\r\n`],
  ["two hosts", `${HEAD}Host: other.localhost:3000\r\n\r\n`],
  ["no host", "GET /first HTTP/1.1\r\n\r\n"],
  ["another host in the address", "GET http://other.localhost/first HTTP/1.1\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["an unknown version", "GET /first HTTP/1.2\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["another major version", "GET /first HTTP/2.0\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["no version", "GET /first\r\n\r\n"],
  ["a method in two words", "GE T /first HTTP/1.1\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["a tunnel", "CONNECT notes.localhost:3000 HTTP/1.1\r\nHost: notes.localhost:3000\r\n\r\n"],
  ["an upgrade with a body", `${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 44\r\n\r\n`],
];

test.each(doubtful)("%s: refused, the connection ends, and the app sees nothing", async (_why, text) => {
  const answers = await harness.raw(text + SECOND);
  // One answer at most, and never a good one; a tunnel is ended without a word.
  expect(answers).toMatch(/^(?:HTTP\/1\.1 (?:400|501) [^]*)?$/);
  expect(answers.match(/HTTP\/1\.1 \d/g)?.length ?? 0).toBeLessThan(2);
  expect(seen).toEqual([]);
});

/** Chunks that are none: the app may have been told of the request, but it never sees its end, nor what follows. */
const badChunks: readonly [string, string][] = [
  ["a size that is no number", "zz\r\nabc\r\n"],
  ["a negative size", "-3\r\nabc\r\n"],
  ["a size with a prefix", "0x3\r\nabc\r\n"],
  ["an endless size", "fffffffffffffffff\r\nabc\r\n"],
  ["a size too small", "3\r\nabcd\r\n"],
  ["bare line feeds", "3\nabc\n"],
  ["a space behind the size", "3 \r\nabc\r\n"],
  ["no size", "\r\nabc\r\n"],
  ["a line feed in an extension", "3;a\nb\r\nabc\r\n"],
  ["a length as a trailer", "3\r\nabc\r\n0\r\nContent-Length: 44\r\n\r\n"],
];

test.each(badChunks)("chunks with %s: the connection ends, and the app never sees the end of the body", async (_why, chunks) => {
  const answers = await harness.raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunks}${EMPTY_CHUNKED}${SECOND}`);
  expect(answers).not.toContain("HTTP/1.1 200");
  expect(seen).not.toContain("GET /second");
  expect(answers).not.toContain("[");
});

describe("what is no smuggling passes, and what follows it is a request of its own", () => {
  test.each([
    ["chunks by another case", `${HEAD}Transfer-Encoding: cHuNkEd\r\n\r\n3\r\nabc\r\n${EMPTY_CHUNKED}`, "[abc]"],
    ["chunks with extensions", `${HEAD}Transfer-Encoding: chunked\r\n\r\n3;a=b;c="d"\r\nabc\r\n${EMPTY_CHUNKED}`, "[abc]"],
    ["a body that looks like a request", `${HEAD}Content-Length: ${SECOND.length}\r\n\r\n${SECOND}`, `[${SECOND}]`],
    ["empty lines before the request", `\r\n\r\n${HEAD}Content-Length: 0\r\n\r\n`, "[]"],
  ])("%s", async (_what, text, echoed) => {
    const answers = await harness.raw(`${text}GET /last HTTP/1.1\r\nHost: ${harness.host}\r\nConnection: close\r\n\r\n`);
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(answers.indexOf(echoed)).toBeGreaterThan(0);
    expect(seen).toEqual(["POST /first", "GET /last"]);
  });

  test("the app is given bodies in a framing of ours, extensions and spelling left behind", async () => {
    let raw = "";
    const { server } = await harness.serve("raw", () => {});
    server.removeAllListeners("connection");
    server.on("connection", (socket) => {
      socket.on("data", (chunk: Buffer) => {
        raw += chunk.toString("latin1");
        if (raw.endsWith("0\r\n\r\n")) socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      });
    });
    harness.runtime.ready = [{ instanceId: "raw", version: 1, socketPath: server.address() as string }];
    await harness.raw(`${HEAD}Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n003;x=y\r\nabc\r\n${EMPTY_CHUNKED}`);
    expect(raw).toMatch(/^POST \/first HTTP\/1\.1\r\n/);
    expect(raw.match(/transfer-encoding: chunked\r\n/gi)).toHaveLength(1);
    expect(raw).toMatch(/\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
  });
});
