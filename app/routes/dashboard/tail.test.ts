import { expect, test } from "vitest";
import type { LogEntry } from "#core/contract/request.ts";
import { tailLines } from "./tail.ts";

const line = (second: number, text = "x"): LogEntry => ({ at: `2026-01-01T00:00:0${second}.000Z`, stream: "stdout", text, instance: "i" });

async function* from(...lines: LogEntry[]) {
  yield* lines;
}
const all = async (lines: AsyncIterable<LogEntry>) => {
  const texts: string[] = [];
  for await (const { at, text } of lines) texts.push(`${at.slice(18, 19)}${text}`);
  return texts;
};

test("a line that was read and followed comes once, equal lines stay as many as they were", async () => {
  const last = [line(1), line(2, "same"), line(2, "same")];
  expect(await all(tailLines(async () => last, from(line(2, "same"), line(2, "same"), line(2, "same"), line(3))))).toEqual([
    "1x",
    "2same",
    "2same",
    "2same",
    "3x",
  ]);
});

test("following has begun before the last lines are read", async () => {
  const order: string[] = [];
  async function* follow() {
    order.push("follow");
    yield line(2);
  }
  await all(tailLines(async () => (order.push("read"), [line(1)]), follow()));
  expect(order).toEqual(["follow", "read"]);
});

test("a failure to read ends it with that failure", async () => {
  await expect(all(tailLines(async () => Promise.reject(new Error("gone")), from(line(1))))).rejects.toThrow("gone");
});
