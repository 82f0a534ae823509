import { expect, test } from "vitest";
import { formatBytes, readRequestQuery, toRequestSearch } from "./dashboard-query.ts";

test("the filter survives the address, nonsense does not", () => {
  expect(readRequestQuery(new URLSearchParams("status=5xx&method=post&path=%2Fnotes&request=r1"))).toEqual({
    window: undefined,
    status: "5xx",
    method: "POST",
    path: "/notes",
    cursor: undefined,
    request: "r1",
  });
  expect(readRequestQuery(new URLSearchParams("window=7d")).window).toBe("7d");
  expect(readRequestQuery(new URLSearchParams("window=1y")).window).toBeUndefined();
  expect(readRequestQuery(new URLSearchParams("status=9xx")).status).toBeUndefined();
  expect(readRequestQuery(new URLSearchParams("status=404")).status).toBe("404");
});

test("opening and closing a request keeps the filter", () => {
  const query = readRequestQuery(new URLSearchParams("status=5xx"));
  expect(toRequestSearch(query, { request: "r1" })).toBe("?status=5xx&request=r1");
  expect(toRequestSearch({ ...query, request: "r1" }, { request: undefined })).toBe("?status=5xx");
});

test("sizes keep their unit and few figures", () => {
  expect([0, 640, 1_000, 12_345, 3_400_000].map(formatBytes)).toEqual(["0 B", "640 B", "1.0 kB", "12 kB", "3.4 MB"]);
});
