import { expect, test } from "vitest";
import { median, quantile, toTable } from "./figures.ts";

test("a quantile is a value that was measured, whatever the order", () => {
  const values = Array.from({ length: 20 }, (_, index) => 20 - index);
  expect(quantile(values, 0.95)).toBe(19);
  expect(quantile(values, 1)).toBe(20);
  expect(quantile([7], 0.95)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});

test("the median of an even count lies between the two in the middle", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
});

test("a row shows its aim and its ratio to the peer of the same run", () => {
  const table = toTable([
    { name: "ours", values: [30, 30, 30], aim: { median: 30, p95: 45 }, peer: "theirs" },
    { name: "theirs", values: [300, 300, 300] },
  ]);
  expect(table.split("\n")[2]).toBe("| ours | 3 | 30.0 ms | 30.0 ms | 30.0 ms | median 30.0 ms, p95 45.0 ms | 0.10 × theirs |");
  expect(table.split("\n")[3]).toBe("| theirs | 3 | 300 ms | 300 ms | 300 ms |  |  |");
});
