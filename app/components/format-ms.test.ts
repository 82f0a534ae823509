import { expect, test } from "vitest";
import { formatMs } from "./format-ms.ts";

test("durations keep their unit and few figures", () => {
  expect([0.2, 12.4, 999, 1_440, 12_400, 150_000].map(formatMs)).toEqual(["< 1 ms", "12 ms", "999 ms", "1.4 s", "12 s", "3 min"]);
});
