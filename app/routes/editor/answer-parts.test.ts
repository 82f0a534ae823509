import fc from "fast-check";
import { expect, test } from "vitest";
import { fileNameOf } from "./answer-body.ts";
import { compareHeaders, toComparable } from "./compare-answers.ts";
import { toServerTime } from "./exchange.ts";
import { createEventReader } from "./server-events.ts";

const stream =
  '\ufeffignored\n: a comment\nevent: tick\nid: 7\ndata: one\ndata: two\n\ndata:{"a": 1}\r\n\r\nevent: empty\n\ndata: left open';

test("events have name, id and all lines of their data; what has no data or no end is none", () => {
  expect(createEventReader().push(stream)).toEqual([
    { number: 1, event: "tick", id: "7", data: "one\ntwo" },
    { number: 2, event: "message", id: "7", data: '{"a": 1}' },
  ]);
});

test("however a stream is cut, its events are the same", () => {
  const whole = createEventReader().push(stream);
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
      const reader = createEventReader();
      const places = [0, ...cuts.sort((a, b) => a - b), stream.length];
      expect(places.slice(1).flatMap((to, index) => reader.push(stream.slice(places[index], to)))).toEqual(whole);
    }),
  );
});

test("headers that differ are listed by name, whatever their case and order", () => {
  expect(
    compareHeaders(
      [
        ["A", "1"],
        ["b", "2"],
        ["b", "3"],
        ["gone", "x"],
      ],
      [
        ["B", "2, 3"],
        ["a", "2"],
        ["new", "y"],
      ],
    ),
  ).toEqual([
    { name: "a", before: "1", after: "2" },
    { name: "gone", before: "x", after: null },
    { name: "new", before: null, after: "y" },
  ]);
});

test("JSON is set out for comparison, cut JSON and text stay, bytes have no text", () => {
  const answer = (body: string | null, type: string) => ({
    status: 200,
    headers: [["content-type", type]] as [string, string][],
    latencyMs: 1,
    body,
    sizeBytes: 1,
    cut: false,
  });
  expect(toComparable(answer('{"a":1}', "application/json"))).toEqual({ path: "answer.json", text: '{\n  "a": 1\n}' });
  expect(toComparable(answer('{"a":', "application/json"))).toEqual({ path: "answer.txt", text: '{"a":' });
  expect(toComparable(answer("<p>", "text/html"))).toEqual({ path: "answer.html", text: "<p>" });
  expect(toComparable(answer(null, "image/png")).text).toBeNull();
});

test("a body is saved under the name that the answer gives, else after its path and type, never in another folder", () => {
  expect(fileNameOf([["Content-Disposition", 'attachment; filename="a b.csv"']], "/x")).toBe("a b.csv");
  expect(fileNameOf([["content-disposition", 'attachment; filename="../../evil.sh"']], "/x")).toBe(".._.._evil.sh");
  expect(fileNameOf([["content-type", "image/png"]], "/pictures/cat?size=2")).toBe("cat.png");
  expect(fileNameOf([["content-type", "application/json; charset=utf-8"]], "/")).toBe("answer.json");
});

test("when a test was sent is told by the server's clock where the two differ", () => {
  const now = Date.parse("2026-01-01T12:00:00.400Z");
  expect(toServerTime(now - 50, now, "Thu, 01 Jan 2026 12:00:00 GMT")).toBe(now - 50);
  expect(toServerTime(now - 50, now, "Thu, 01 Jan 2026 12:05:00 GMT")).toBe(Date.parse("2026-01-01T12:05:00.000Z") - 50);
  for (const date of [null, "nonsense"]) expect(toServerTime(now, now, date)).toBe(now);
});
