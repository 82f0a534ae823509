import { expect, it } from "vitest";
import { createControlReader } from "./control-reader.ts";
import { createLineReader, createReadPace } from "./lines.ts";
import type { RunnerMessage } from "./protocol.ts";

function make() {
  const messages: RunnerMessage[] = [];
  const notes: string[] = [];
  const counted = { messages: 0, exceptions: 0 } as Record<string, number>;
  let clock = 0;
  const reader = createControlReader({
    onMessage: (message) => messages.push(message),
    onNote: (text) => notes.push(text),
    counts: { limited: (what, count) => (counted[what] = (counted[what] ?? 0) + count) },
    now: () => clock,
  });
  const say = (...values: unknown[]) => reader.push(Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join("")));
  return { messages, notes, counted, reader, say, pass: (ms: number) => (clock += ms) };
}

const exception = { type: "exception", record: { requestId: "r", at: new Date(0), type: "E", message: "m", traceback: "" } };
const ready = { type: "ready", ms: 1 };

it("garbage is counted and noted once in a while, not once a line", () => {
  const { reader, notes, counted, messages, pass } = make();
  for (let round = 0; round < 50; round++) reader.push(Buffer.from("garbage\n{}\n\u0000\n"));
  expect(messages).toEqual([]);
  expect(counted["messages"]).toBe(150);
  expect(notes).toEqual(["What was written to descriptor 3, the platform's own, meant nothing to it (once)"]);
  pass(10_000);
  reader.push(Buffer.from("more\n"));
  expect(notes.at(-1)).toContain("(150 times)");
  reader.push(Buffer.from("last\n"));
  reader.end();
  expect(notes.at(-1)).toContain("(once)");
});

it("a start is told of once: forged reports behind it change nothing", () => {
  const { say, messages } = make();
  say(ready, ready, { type: "failed", error: { kind: "load", type: "E", message: "forged" } }, { type: "warm", ms: 1 });
  expect(messages).toEqual([ready]);
});

it("exceptions beyond the rate are left out, and said so", () => {
  const { say, messages, notes, counted, pass } = make();
  say(ready, ...Array.from({ length: 550 }, () => exception));
  expect(messages).toHaveLength(501);
  expect(counted["exceptions"]).toBe(50);
  expect(notes[0]).toContain("more than 50 came in a second");
  pass(1_000);
  say(...Array.from({ length: 60 }, () => exception));
  expect(messages).toHaveLength(551);
});

it("what an app says it dropped is passed on at most now and then", () => {
  const { say, messages } = make();
  say(ready, ...Array.from({ length: 1_000 }, () => ({ type: "dropped", count: 9e15 })));
  expect(messages.length).toBeLessThanOrEqual(11);
});

it("a flood of messages that fit is not parsed to its end", () => {
  const { say, messages, counted } = make();
  say(...Array.from({ length: 20_000 }, () => ({ type: "ready", ms: 1 })));
  expect(messages).toHaveLength(1);
  expect(counted["messages"]).toBe(19_400);
});

it("a serving app's long messages are not even parsed", () => {
  const { say, messages, counted } = make();
  const long = { ...exception, record: { ...exception.record, traceback: "x".repeat(600_000) } };
  say(ready, long);
  expect(messages).toEqual([ready]);
  expect(counted["messages"]).toBe(1);
});

it("an endless line keeps no more than the longest message, and reading pauses", () => {
  const { reader } = make();
  const chunk = Buffer.alloc(65_536, "x");
  let pauseMs = 0;
  let chunks = 0;
  while (pauseMs === 0 && chunks < 1_000) {
    pauseMs = reader.push(chunk);
    chunks++;
  }
  expect(chunks * chunk.length).toBeLessThan(9 * 1024 * 1024);
  expect(pauseMs).toBeGreaterThan(0);
});

it("empty lines are the dearest to read", () => {
  const pace = createReadPace(1_000_000);
  const reader = createLineReader(() => {});
  const empty = Buffer.alloc(65_536, "\n");
  expect(reader.push(empty)).toBe(65_536);
  expect(pace.charge(empty.length, 65_536, 0)).toBeGreaterThan(3_000);
  expect(createReadPace(1_000_000).charge(empty.length, 0, 0)).toBe(0);
  expect(pace.charge(0, 0, 10_000)).toBe(0);
});

it("a line that is not wanted is skipped whole, also when it came in pieces, and the next is itself", () => {
  const lines: string[] = [];
  const sizes: number[] = [];
  const reader = createLineReader(
    (line) => lines.push(line),
    16,
    (bytes) => {
      sizes.push(bytes);
      return bytes < 10;
    },
  );
  for (const piece of ["short\nlong long ", "long\nne", "xt\n", "y".repeat(40), "\nlast"]) reader.push(Buffer.from(piece));
  reader.end();
  expect(lines).toEqual(["short", "next", "last"]);
  expect(sizes).toEqual([5, 14, 4, 16, 4]);
});
