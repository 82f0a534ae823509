import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_HEAD_BYTES, ResponseParser } from "./response-parser.ts";
import type { AnswerProblem } from "./response-parser.ts";

interface Read {
  informations: [number, string[]][];
  head: [number, string, string[]] | null;
  body: string;
  trailers: readonly string[];
  problem: AnswerProblem | null;
  done: boolean;
  reusable: boolean;
}

/** Reads `pieces` as they come, then the end of the connection, if it is said to have ended. */
function read(pieces: readonly Buffer[], { method = "GET", ends = false } = {}): Read {
  const result: Read = { informations: [], head: null, body: "", trailers: [], problem: null, done: false, reusable: false };
  const parser = new ResponseParser({
    onInformation: (status, headers) => void result.informations.push([status, headers]),
    onHead: (status, message, headers) => void (result.head = [status, message, headers]),
    onBody: (bytes, start, end) => void (result.body += bytes.toString("latin1", start, end)),
  });
  parser.begin(method);
  // As it is read: into one buffer, in which what was read before goes on behind the piece.
  const buffer = Buffer.alloc(Math.max(...pieces.map((piece) => piece.length), 0) + 8, "\r\n");
  for (const piece of pieces) {
    piece.copy(buffer);
    result.problem ??= parser.execute(buffer, piece.length);
  }
  if (ends) result.problem ??= parser.finish();
  return { ...result, trailers: parser.trailers, done: parser.done, reusable: parser.reusable };
}

const readText = (text: string, options?: { method?: string; ends?: boolean }): Read => read([Buffer.from(text, "latin1")], options);

describe("whole answers", () => {
  test("a counted body; order, case, repeated and empty fields stay", () => {
    const text = "HTTP/1.1 201 Made it\r\nX-One:1\r\nset-cookie: a=1\r\nSet-Cookie: \tb=2 \r\nEmpty:\r\nContent-Length: 5\r\n\r\nhello";
    expect(readText(text)).toMatchObject({
      head: [201, "Made it", ["X-One", "1", "set-cookie", "a=1", "Set-Cookie", "b=2", "Empty", "", "Content-Length", "5"]],
      body: "hello",
      problem: null,
      done: true,
      reusable: true,
    });
  });

  test("chunks with extensions, and trailers", () => {
    const text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n4;a=b\r\nwiki\r\nA\r\npedia in c\r\n0\r\nX-Sum: 1\r\nX-End:\r\n\r\n";
    expect(readText(text)).toMatchObject({ body: "wikipedia in c", trailers: ["X-Sum", "1", "X-End", ""], done: true, reusable: true });
    expect(readText("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")).toMatchObject({
      body: "",
      trailers: [],
      done: true,
    });
  });

  test("a body to the end of the connection, also of HTTP/1.0", () => {
    for (const version of ["1.0", "1.1"]) {
      const text = `HTTP/${version} 200 OK\r\nA: b\r\n\r\nall there is`;
      expect(readText(text)).toMatchObject({ body: "all there is", done: false, problem: null });
      expect(readText(text, { ends: true })).toMatchObject({ done: true, reusable: false, problem: null });
    }
  });

  test.each([
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ])("%s %j has no body", (method, text) => {
    expect(readText(text, { method })).toMatchObject({ body: "", done: true, reusable: true });
  });

  test("interim answers come before it, any number of them", () => {
    const text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const { informations, head, done } = readText(text);
    expect(informations).toEqual([
      [100, []],
      [103, ["Link", "</a.css>; rel=preload"]],
    ]);
    expect([head?.[0], done]).toEqual([200, true]);
  });

  test("a reason may be missing, and may be any text", () => {
    expect(readText("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").head).toEqual([200, "", ["Content-Length", "0"]]);
    expect(readText("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n").head?.[1]).toBe("");
    expect(readText("HTTP/1.1 599 caf\xe9 au lait\r\nContent-Length: 0\r\n\r\n").head?.[1]).toBe("caf\xe9 au lait");
  });

  test("after Connection: close, HTTP/1.0 or surplus bytes the connection is not used again", () => {
    expect(readText("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n")).toMatchObject({ done: true, reusable: false });
    expect(readText("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")).toMatchObject({ done: true, reusable: false });
    expect(readText("HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")).toMatchObject({ done: true, reusable: false, problem: null });
    // `closed` is another word.
    expect(readText("HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 0\r\n\r\n").reusable).toBe(true);
  });
});

describe("what is no answer", () => {
  test.each<[AnswerProblem, string]>([
    ["status_line", "garbage\r\n\r\n"],
    ["status_line", "HTTP/2.0 200 OK\r\n\r\n"],
    ["status_line", "HTTP/1.2 200 OK\r\n\r\n"],
    ["status_line", "HTTP/1.1 20 OK\r\n\r\n"],
    ["status_line", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["status_line", "HTTP/1.1 099 OK\r\n\r\n"],
    ["status_line", "HTTP/1.1  200 OK\r\n\r\n"],
    ["status_line", " HTTP/1.1 200 OK\r\n\r\n"],
    ["status_line", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"],
    ["header", "HTTP/1.1 200 O\0K\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\n: empty\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\nBefore : colon\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\nA: b\x01\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\nA: b\nX: y\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\nA: b\rX: y\r\n\r\n"],
    ["header", "HTTP/1.1 200 OK\r\n\xe4: b\r\n\r\n"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\na"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n"],
    ["framing", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na"],
    ["framing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
    ["framing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["framing", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 1\r\na\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n"],
    ["chunk", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"e".repeat(2_000)}`],
    ["header", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n"],
  ])("%s: %j", (problem, text) => {
    expect(readText(text)).toMatchObject({ problem, done: false });
  });

  test.each([
    "",
    "HTTP/1.1 200 OK\r\nContent-",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\n",
  ])("cut: %j and the end of the connection", (text) => {
    expect(readText(text, { ends: true })).toMatchObject({ problem: "cut", done: false });
  });

  test("a head and trailers have a limit, which they may reach and not pass", () => {
    const head = (bytes: number): string => `HTTP/1.1 204 OK\r\nA: ${"x".repeat(bytes - 24)}\r\n\r\n`;
    expect(head(100)).toHaveLength(100);
    expect(readText(head(MAX_HEAD_BYTES))).toMatchObject({ problem: null, done: true });
    expect(readText(head(MAX_HEAD_BYTES + 1))).toMatchObject({ problem: "too_large", done: false });
    expect(readText("x".repeat(MAX_HEAD_BYTES + 1))).toMatchObject({ problem: "too_large" });
    const trailers = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${"A: b\r\n".repeat(20_000)}`;
    expect(readText(trailers)).toMatchObject({ problem: "too_large" });
  });
});

const field = fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,12}$/), fc.stringMatching(/^(?:[!-~](?:[ -~]{0,20}[!-~])?)?$/));
const toLines = (fields: [string, string][]): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");

const answer = fc
  .record({
    status: fc.integer({ min: 200, max: 599 }),
    fields: fc.array(field, { maxLength: 8 }),
    body: fc.array(fc.string({ unit: "binary-ascii", maxLength: 50 }), { maxLength: 6 }),
    hints: fc.boolean(),
    trailers: fc.array(field, { maxLength: 3 }),
    framing: fc.constantFrom("length", "chunked", "close"),
  })
  .map(({ status, fields, body, hints, trailers, framing }) => {
    const whole = body.join("");
    const early = hints ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "";
    const head = `${early}HTTP/1.1 ${status} Why\r\n${toLines(fields)}`;
    if (framing === "close") return `${head}\r\n${whole}`;
    if (framing === "length") return `${head}Content-Length: ${whole.length}\r\n\r\n${whole}`;
    const chunks = body.filter((part) => part !== "").map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n${toLines(trailers)}\r\n`;
  });

/** `text` with some of its bytes replaced, dropped or repeated. */
const damaged = fc
  .tuple(answer, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(2)), { maxLength: 4 }))
  .map(([text, damages]) => {
    let result = text;
    for (const [where, code, kind] of damages) {
      const at = where % Math.max(1, result.length);
      result = result.slice(0, at) + String.fromCharCode(code).repeat(kind) + result.slice(at + (kind === 2 ? 0 : 1));
    }
    return result;
  });

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].toSorted((left, right) => left - right);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length)).filter((piece) => piece.length > 0);
}

/** Bytes after an end are surplus whether they came with it or later: nothing of them is read. */
test("any cut of the same bytes gives the same result, whole or damaged", () => {
  fc.assert(
    fc.property(
      fc.oneof(answer, damaged),
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.constantFrom("GET", "HEAD"),
      (text, places, method) => {
        const bytes = Buffer.from(text, "latin1");
        const whole = read([bytes], { method, ends: true });
        expect(read(cut(bytes, places), { method, ends: true })).toEqual(whole);
        expect(
          read(
            [...bytes].map((byte) => Buffer.of(byte)),
            { method, ends: true },
          ),
        ).toEqual(whole);
      },
    ),
    { numRuns: 300 },
  );
});

test("no bytes make it throw, and what it took for whole stays whole", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
      fc.constantFrom("", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
      (pieces, before) => {
        const { problem, done } = read([Buffer.from(before), ...pieces.map((piece) => Buffer.from(piece))], { ends: true });
        expect(problem === null).toBe(done);
      },
    ),
    { numRuns: 500 },
  );
});
