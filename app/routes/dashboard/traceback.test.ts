import { expect, test } from "vitest";
import { splitTraceback, toEditorPath } from "./traceback.ts";

const traceback = `Traceback (most recent call last):
  File "/usr/lib/python3/site-packages/fastapi/routing.py", line 301, in app
  File "routers/notes.py", line 12, in add
    return notes[3]
IndexError: list index out of range`;

test("the owner's files become places, libraries stay text, and nothing is lost", () => {
  const parts = splitTraceback(traceback);
  expect(parts.filter(({ place }) => place)).toEqual([
    { text: 'File "routers/notes.py", line 12', place: { file: "routers/notes.py", line: 12 } },
  ]);
  expect(parts.map(({ text }) => text).join("")).toBe(traceback);
});

test("a text without places is one part, an empty one none", () => {
  expect(splitTraceback("boom")).toEqual([{ text: "boom" }]);
  expect(splitTraceback("")).toEqual([]);
});

test("the editor's address keeps odd paths whole", () =>
  expect(toEditorPath("a", "x y/ö.py", 3)).toBe("/apps/a/edit?file=x+y%2F%C3%B6.py&line=3"));
