import { expect, test } from "vitest";
import { parseHeaderLines } from "./request-headers.ts";
import { readQuery, withParameter } from "./request-query.ts";

test("a path's query is read as a server reads it", () => {
  expect(readQuery("/a?q=a%20b+c&empty=&flag&odd=1=2&bad=%zz")).toEqual([
    { name: "q", value: "a b c" },
    { name: "empty", value: "" },
    { name: "flag", value: "" },
    { name: "odd", value: "1=2" },
    { name: "bad", value: "%zz" },
  ]);
  for (const path of ["/a", "/a?"]) expect(readQuery(path)).toEqual([]);
});

test("an edit changes its own parameter and leaves the others as they are written", () => {
  const path = "/a?q=x+y&flag";
  expect(withParameter(path, 1, { name: "page", value: "2 & 3" })).toBe("/a?q=x+y&page=2%20%26%203");
  expect(withParameter(path, 2, { name: "ü", value: "" })).toBe("/a?q=x+y&flag&%C3%BC=");
  expect(withParameter(path, 0, null)).toBe("/a?flag");
  expect(withParameter("/a?q=1", 0, null)).toBe("/a");
  expect(withParameter("/a", 0, { name: "q", value: "\ud800" })).toBe("/a?q=%EF%BF%BD");
});

test("pasted lines become headers, anything else is text", () => {
  expect(parseHeaderLines("Accept: */*\r\nX-A:1 \n\n")).toEqual([
    { name: "Accept", value: "*/*", on: true },
    { name: "X-A", value: "1", on: true },
  ]);
  for (const text of ["Accept", "", "Accept: 1\nno colon"]) expect(parseHeaderLines(text)).toBeNull();
});
