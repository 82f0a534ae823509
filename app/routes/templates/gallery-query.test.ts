import { expect, test } from "vitest";
import { isFiltered, readGalleryQuery, toGalleryPath } from "./gallery-query.ts";

const read = (search: string) => readGalleryQuery(new URLSearchParams(search));

test("what the address says is read, and nonsense left out", () => {
  expect(read("tab=mine&search= chat &complexity=advanced&tag=mongodb&cursor=x")).toEqual({
    tab: "mine",
    search: "chat",
    complexity: "advanced",
    tag: "mongodb",
    cursor: "x",
  });
  expect(read("tab=yours&search=%20&complexity=hard&tag=")).toEqual({ tab: "all" });
  expect(read("search=" + "x".repeat(500)).search).toHaveLength(200);
});

test("an address says what differs from all, and begins at the first page after a change", () => {
  expect(toGalleryPath(read(""))).toBe("/apps/new");
  const query = read("tab=global&tag=mongodb&cursor=x");
  expect(toGalleryPath(query, { tag: undefined })).toBe("/apps/new?tab=global");
  expect(toGalleryPath(query, { cursor: "y" })).toBe("/apps/new?tab=global&tag=mongodb&cursor=y");
  expect(toGalleryPath(query, { tab: "all", search: "a b" })).toBe("/apps/new?search=a+b&tag=mongodb");
});

test("a tab alone is no filter", () => {
  expect(isFiltered(read("tab=mine"))).toBe(false);
  for (const one of ["search=a", "complexity=beginner", "tag=a"]) expect(isFiltered(read(one))).toBe(true);
});
