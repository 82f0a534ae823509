import { expect, test } from "vitest";
import { formatExactTime, formatRelativeTime, plural } from "./time-words.ts";

const at = "2026-03-01T12:00:00.000Z";
const after = (ms: number) => formatRelativeTime(at, Date.parse(at) + ms);

test("the words grow with the distance", () => {
  expect([0, 44_000, 60_000, 59 * 60_000, 3_600_000, 23 * 3_600_000, 86_400_000, 29 * 86_400_000].map(after)).toEqual([
    "just now",
    "just now",
    "1 min ago",
    "59 min ago",
    "1 h ago",
    "23 h ago",
    "1 day ago",
    "29 days ago",
  ]);
});

test("a month ago is a date", () => expect(after(31 * 86_400_000)).toBe("2026-03-01"));

test("a clock a little ahead still says just now, one far ahead says in", () => {
  expect(after(-3_000)).toBe("just now");
  expect(after(-2 * 3_600_000)).toBe("in 2 h");
});

test("the exact time names its zone where it is not the reader's", () =>
  expect(formatExactTime(at, "UTC")).toBe("1 Mar 2026, 12:00:00 UTC"));

test("one is singular", () =>
  expect([plural(1, "version"), plural(0, "version"), plural(1200, "line")]).toEqual(["1 version", "0 versions", "1,200 lines"]));
