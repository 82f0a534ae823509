import { expect, test } from "vitest";
import { findTopName, toAppPath, toDocuments, toNotices, toServerUri } from "./documents.ts";

test("paths go to the server and come back, whatever is in them", () => {
  for (const path of ["app.py", "lib/a b.py", "täglich/100%.py", "a#b?.py"]) expect(toAppPath(toServerUri(path))).toBe(path);
  expect(toServerUri("lib/a b.py")).toBe("file:///app/lib/a%20b.py");
  expect(toAppPath("file:///lib/fastapi/routing.py")).toBeNull();
  expect(toAppPath("file:///application/x.py")).toBeNull();
});

test("only Python text is told of", () => {
  expect(toDocuments({ "app.py": "a", "types.pyi": "b", "static/a.css": "c", "x.py": { base64: "AA==" } })).toEqual({
    "app.py": "a",
    "types.pyi": "b",
  });
});

test("a renamed file is gone before it is there again, and announced before it is opened", () => {
  const notices = toNotices({ "a.py": "1", "same.py": "s" }, { "b.py": "1", "same.py": "s" }, 7);
  expect(notices.map(({ method, params }) => [method, JSON.stringify(params).match(/[ab]\.py/)?.[0]])).toEqual([
    ["textDocument/didClose", "a.py"],
    ["pyright/deleteFile", "a.py"],
    ["pyright/createFile", "b.py"],
    ["textDocument/didOpen", "b.py"],
  ]);
});

test("an edit is one notice with the whole text; nothing new is none", () => {
  expect(toNotices({ "a.py": "1" }, { "a.py": "2" }, 3)).toEqual([
    {
      method: "textDocument/didChange",
      params: { textDocument: { uri: "file:///app/a.py", version: 3 }, contentChanges: [{ text: "2" }] },
    },
  ]);
  expect(toNotices({ "a.py": "1" }, { "a.py": "1" }, 4)).toEqual([]);
});

test("the first name at the top of a file", () => {
  expect(findTopName("import os\n\nx == 1\napp = FastAPI()\n")).toEqual({ line: 2, character: 0 });
  expect(findTopName("import os\n    x = 1\napp: FastAPI = f()\n")).toEqual({ line: 2, character: 0 });
  expect(findTopName("")).toEqual({ line: 0, character: 0 });
});
