import { expect, test } from "vitest";
import { emptyRequest } from "./requests.ts";
import { toKeptAnswer, toStoredHistory, withSent, type Sent } from "./sent-history.ts";
import { parseCredentials, parseHistory } from "./stored-session.ts";

const answer = (body: string) =>
  toKeptAnswer({ status: 200, headers: [], body, bodyEncoding: "utf8", latencyMs: 3, truncated: false }, body.length);
const sent = (path: string, body = "", status = 200): Sent => ({
  at: "2026-11-21T05:00:00.000Z",
  request: { ...emptyRequest, path },
  status,
  latencyMs: 3,
  answer: answer(body),
});

test("it is newest first and bounded; the same request moves up, and stays where its answer was another", () => {
  const many = Array.from({ length: 30 }, (_, n) => sent(`/${n}`)).reduce<Sent[]>(withSent, []);
  expect(many).toHaveLength(20);
  const again = withSent(many, sent("/20"));
  expect(again.map(({ request }) => request.path)).toEqual([
    "/20",
    ...many.map(({ request }) => request.path).filter((path) => path !== "/20"),
  ]);
  const twice = withSent([sent("/a", "one")], sent("/a", "two"));
  expect(twice.map((each) => each.answer?.body)).toEqual(["two", "one"]);
  const often = ["1", "2", "3", "4", "5"].map((body) => sent("/a", body)).reduce<Sent[]>(withSent, []);
  expect(often.map((each) => each.answer?.body)).toEqual(["5", "4", "3"]);
});

test("it is bounded in bytes: one answer, all answers, and requests", () => {
  expect(answer("x".repeat(300_000))).toMatchObject({ cut: true, sizeBytes: 300_000, body: "x".repeat(100_000) });
  const many = Array.from({ length: 20 }, (_, n) => sent(`/${n}`, "x".repeat(100_000))).reduce<Sent[]>(withSent, []);
  expect(many).toHaveLength(20);
  expect(many[0]!.answer).not.toBeNull();
  expect(many.at(-1)!.answer).toBeNull();
  expect(toStoredHistory(many).length).toBeLessThan(1_010_000);
  const large = (n: number): Sent => ({ ...sent(`/${n}`), request: { ...emptyRequest, text: `${n}${"x".repeat(600_000)}` } });
  expect(withSent([large(1)], large(2))).toHaveLength(1);
});

test("it survives its storage without the content of files, and unreadable text counts as none", () => {
  const file = { name: "a.png", type: "image/png", sizeBytes: 3, content: new Blob(["abc"]) };
  const upload: Sent = { ...sent("/"), request: { ...emptyRequest, parts: [{ name: "up", value: "", on: true, isFile: true, file }] } };
  const kept = withSent([], upload);
  expect(kept[0]!.request.parts[0]!.file?.content).toBe(file.content);
  const read = parseHistory(toStoredHistory(kept));
  expect(read[0]!.request.parts[0]!.file).toEqual({ ...file, content: null });
  expect(read[0]).toMatchObject({ status: 200, answer: { body: "" } });
  for (const text of ["{", null, "[1]"]) expect(parseHistory(text)).toEqual([]);
  const credentials = { token: "t", user: "u", password: "p", keyName: "X-API-Key", key: "k" };
  expect(parseCredentials(JSON.stringify(credentials))).toEqual(credentials);
  for (const stored of ["{", null, '{"token":1}']) expect(parseCredentials(stored)).toBeNull();
});

test("bytes that are no text are known by their size alone", () => {
  const bytes = { status: 200, headers: [], body: "AAEC", bodyEncoding: "base64", latencyMs: 3, coldStartMs: 1, truncated: false } as const;
  expect(toKeptAnswer({ ...bytes, headers: [] }, 3)).toMatchObject({ body: null, sizeBytes: 3, coldStartMs: 1, cut: false });
});
