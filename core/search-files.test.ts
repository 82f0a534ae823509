import { describe, expect, it } from "vitest";
import { replaceMatches, searchFiles, type SearchQuery } from "./search-files.ts";

const files = {
  "app.py": "from db import notes\n\nnotes.find()\nnote = 1  # Notes\n",
  "pages/über.html": "<p>notes</p>\r\n<p>notes</p>\r\n",
  "static/dot.png": { base64: "bm90ZXM=" },
};
const paths = Object.keys(files);
const query = (changes: Partial<SearchQuery>): SearchQuery => ({
  ...{ text: "notes", isRegex: false, matchCase: false, wholeWord: false, replacement: null },
  ...changes,
});
const places = (changes: Partial<SearchQuery>) =>
  searchFiles(files, paths, query(changes)).matches.map(({ file, line, column }) => `${file}:${line}:${column}`);
const replaced = (changes: Partial<SearchQuery>) => replaceMatches(files, searchFiles(files, paths, query(changes)).matches);

describe("searching all files", () => {
  it("finds text in any case, each match with its place and its line", () => {
    expect(places({})).toEqual(["app.py:1:16", "app.py:3:1", "app.py:4:13", "pages/über.html:1:4", "pages/über.html:2:4"]);
    expect(searchFiles(files, paths, query({})).matches[1]).toMatchObject({ before: "", text: "notes", after: ".find()", next: null });
  });

  it("keeps to the case, or to whole words, umlauts being letters", () => {
    expect(places({ text: "Notes", matchCase: true })).toEqual(["app.py:4:13"]);
    expect(places({ text: "note", wholeWord: true })).toEqual(["app.py:4:1"]);
    expect(searchFiles({ a: "über ber" }, ["a"], query({ text: "ber", wholeWord: true })).matches.map(({ column }) => column)).toEqual([6]);
  });

  it("takes text as it is written, and an expression only when told so", () => {
    expect(searchFiles({ a: "a.b a-b axb (/[a]{2}|^$*+?\\" }, ["a"], query({ text: "a.b" })).matches).toHaveLength(1);
    for (const text of ["a-b", "(/[a]{2}|^$*+?\\"])
      expect(searchFiles({ a: "a.b a-b axb (/[a]{2}|^$*+?\\" }, ["a"], query({ text })).matches).toHaveLength(1);
    expect(places({ text: "^note", isRegex: true })).toEqual(["app.py:3:1", "app.py:4:1"]);
    expect(places({ text: "x*", isRegex: true })).toEqual([]);
    expect(() => places({ text: "(", isRegex: true })).toThrow(SyntaxError);
  });

  it("stops at its bound, and says so", () => {
    expect(searchFiles({ a: "x".repeat(10) }, ["a"], query({ text: "x" }), 4)).toMatchObject({ matches: { length: 4 }, isCut: true });
    expect(searchFiles({ a: "x".repeat(4) }, ["a"], query({ text: "x" }), 4).isCut).toBe(false);
  });

  it("shows the part of a long line that matters", () => {
    const [match] = searchFiles({ a: `${"a".repeat(500)}!${"b".repeat(500)}` }, ["a"], query({ text: "!" })).matches;
    expect(match).toMatchObject({ before: `…${"a".repeat(24)}`, after: "b".repeat(120), column: 501 });
  });
});

describe("replacing", () => {
  it("changes every match and nothing else: line ends and other files stay", () => {
    const after = replaced({ replacement: "$1 memos" });
    expect(after).toEqual({
      ...files,
      "app.py": "from db import $1 memos\n\n$1 memos.find()\nnote = 1  # $1 memos\n",
      "pages/über.html": "<p>$1 memos</p>\r\n<p>$1 memos</p>\r\n",
    });
    expect(after["static/dot.png"]).toBe(files["static/dot.png"]);
  });

  it("fills in what an expression's groups caught", () => {
    const one = { a: "get(a, b) get(c, d)" };
    const { matches } = searchFiles(
      one,
      ["a"],
      query({ text: String.raw`get\((?<x>\w), (\w)\)`, isRegex: true, replacement: String.raw`$2.$<x>=$&$$\n$9` }),
    );
    expect(replaceMatches(one, matches)).toEqual({ a: "b.a=get(a, b)$\n$9 d.c=get(c, d)$\n$9" });
  });

  it("leaves what was left out", () => {
    const { matches } = searchFiles(files, paths, query({ replacement: "x" }));
    expect(replaceMatches(files, matches.slice(0, 1))).toEqual({ ...files, "app.py": files["app.py"].replace("notes", "x") });
  });
});
