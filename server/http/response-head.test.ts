import { expect, test } from "vitest";
import { toFieldLines, toHead, toStatusLine } from "./response-head.ts";

test("a head is the status line, a line for each field in order and spelling, and an empty line", () => {
  expect(toHead(404, undefined, ["X-One", "1", "x-one", "2"])).toBe("HTTP/1.1 404 Not Found\r\nX-One: 1\r\nx-one: 2\r\n\r\n");
  expect(toHead(200, "Fine", [])).toBe("HTTP/1.1 200 Fine\r\n\r\n");
  expect(toFieldLines([])).toBe("");
});

test("an empty reason is the usual one, and a status without one keeps the space that must be there", () => {
  expect(toStatusLine(200, "")).toBe("HTTP/1.1 200 OK\r\n");
  expect(toStatusLine(299)).toBe("HTTP/1.1 299 \r\n");
});
