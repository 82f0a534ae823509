import { expect, test } from "vitest";
import { appStatusSchema } from "#core/contract/app.ts";
import { appStatuses, lastActivity, readListQuery, toListPath } from "./list-query.ts";

const read = (query: string) => readListQuery(new URLSearchParams(query));

test("every status has a pill", () => expect(appStatuses).toEqual(appStatusSchema.options));

test("the address is read, nonsense is left out", () => {
  expect(read("search=%20notes%20&status=sleeping&cursor=abc")).toEqual({ search: "notes", status: "sleeping", cursor: "abc" });
  expect(read("search=%20&status=tired&cursor=")).toEqual({ search: undefined, status: undefined, cursor: undefined });
});

test("a changed filter begins at the first page, another page keeps the filter", () => {
  const query = read("search=a&status=error&cursor=x");
  expect(toListPath(query, { status: undefined })).toBe("/apps?search=a");
  expect(toListPath(query, { cursor: "y" })).toBe("/apps?search=a&status=error&cursor=y");
  expect(toListPath(read(""), {})).toBe("/apps");
});

test("the later of request and change counts", () => {
  expect(lastActivity({ lastRequestAt: null, updatedAt: "2026-01-01T00:00:00Z" })).toBe("2026-01-01T00:00:00Z");
  expect(lastActivity({ lastRequestAt: "2026-02-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z" })).toBe("2026-02-01T00:00:00Z");
});
