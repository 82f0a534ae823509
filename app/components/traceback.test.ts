import { expect, test } from "vitest";
import { splitTraceback } from "./traceback.ts";

const traceback = `Traceback (most recent call last):
  File "app.py", line 4, in <module>
    from routers import notes
  File "routers/notes.py", line 12, in add
    return parse(notes[3])
           ^^^^^^^^^^^^^^^
  File ".../site-packages/pydantic/main.py", line 253, in __init__
    validated = self.validate()
  File ".../python3.13/json/decoder.py", line 3, in decode
IndexError: list index out of range
  File "no frame but words"`;

test("the owner's frames become places, libraries are one part with their names, and nothing is lost", () => {
  const parts = splitTraceback(traceback);
  expect(parts.map((part) => part.text).join("\n")).toBe(traceback);
  expect(parts.filter(({ kind }) => kind === "own")).toEqual([
    {
      kind: "own",
      file: "app.py",
      line: 4,
      text: `  File "app.py", line 4, in <module>\n    from routers import notes`,
      rest: ", in <module>\n    from routers import notes",
    },
    expect.objectContaining({ file: "routers/notes.py", line: 12, rest: expect.stringContaining("^^^") }),
  ]);
  expect(parts.filter(({ kind }) => kind === "library")).toEqual([
    expect.objectContaining({ frames: 2, names: ["pydantic", "json"], text: expect.stringContaining("validated") }),
  ]);
  expect(parts.at(-1)).toEqual({ kind: "text", text: 'IndexError: list index out of range\n  File "no frame but words"' });
});

test("who knows the app's files says which are its own", () => {
  const old = `  File "fastapi/routing.py", line 301, in app\n    raw`;
  expect(splitTraceback(old, (file) => file === "app.py")).toEqual([{ kind: "library", frames: 1, names: ["routing"], text: old }]);
});

test("frames in an exception group, and a syntax error's", () => {
  expect(splitTraceback('  |   File "app.py", line 2, in go\n  |     1 / 0\n  | Boom')).toMatchObject([
    { kind: "own", file: "app.py", line: 2, rest: ", in go\n  |     1 / 0" },
    { kind: "text", text: "  | Boom" },
  ]);
  expect(splitTraceback('  File "app.py", line 7\n    def (:\nSyntaxError: invalid syntax')).toMatchObject([{ kind: "own", line: 7 }, {}]);
});

test("a text without places is one part, an empty one none", () => {
  expect(splitTraceback("boom\nbang")).toEqual([{ kind: "text", text: "boom\nbang" }]);
  expect(splitTraceback("")).toEqual([]);
});
