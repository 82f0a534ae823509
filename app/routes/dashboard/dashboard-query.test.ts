import { expect, test } from "vitest";
import { formatBytes, formatMs, readRequestQuery, toRequestSearch } from "./dashboard-query.ts";

test("the filter survives the address, nonsense does not", () => {
  expect(readRequestQuery(new URLSearchParams("status=5xx&method=post&path=%2Fnotes&request=r1"))).toEqual({
    status: "5xx",
    method: "POST",
    path: "/notes",
    cursor: undefined,
    request: "r1",
  });
  expect(readRequestQuery(new URLSearchParams("status=9xx")).status).toBeUndefined();
  expect(readRequestQuery(new URLSearchParams("status=404")).status).toBe("404");
});

test("opening and closing a request keeps the filter", () => {
  const query = readRequestQuery(new URLSearchParams("status=5xx"));
  expect(toRequestSearch(query, { request: "r1" })).toBe("?status=5xx&request=r1");
  expect(toRequestSearch({ ...query, request: "r1" }, { request: undefined })).toBe("?status=5xx");
});

test("durations and sizes keep their unit and few figures", () => {
  expect([0.2, 12.4, 999, 1_440, 12_400].map(formatMs)).toEqual(["< 1 ms", "12 ms", "999 ms", "1.4 s", "12 s"]);
  expect([0, 640, 1_000, 12_345, 3_400_000].map(formatBytes)).toEqual(["0 B", "640 B", "1.0 kB", "12 kB", "3.4 MB"]);
});
