import fc from "fast-check";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { binaryExtensions, checkPath, duplicatePaths, isBinaryPath, isTextPath, textExtensions } from "./bundle-paths.ts";
import { bundleLimits } from "./limits.ts";

const deep = (levels: number) => `${"a/".repeat(levels - 1)}a.py`;

test.each([
  "app.py",
  "pkg/__init__.py",
  "templates/base.html",
  "static/img/logo.PNG",
  "static/font.woff2",
  "données/été.csv",
  "日本語.md",
  "a-b_c (1).txt",
  "file.tar.json",
  ".well-known.json",
  "com.py",
  "console.py",
  deep(bundleLimits.pathDepth),
  `${"x".repeat(bundleLimits.segmentBytes - 3)}.py`,
])("%s may be a path", (path) => {
  expect(checkPath(path)).toBeNull();
});

test.each([
  ["", "invalid_path", /empty/],
  ["/app.py", "invalid_path", /begins with \//],
  ["..", "invalid_path", /\.\./],
  ["../app.py", "invalid_path", /\.\., which leads out/],
  ["a/../../b.py", "invalid_path", /\.\./],
  ["a/./b.py", "invalid_path", /only a dot/],
  ["a//b.py", "invalid_path", /empty part/],
  ["a.py/", "invalid_path", /empty part/],
  ["a\\b.py", "invalid_path", /backslash/],
  ["..\\a.py", "invalid_path", /backslash/],
  ["C:app.py", "invalid_path", /the character :/],
  ["a\0.py", "invalid_path", /NUL/],
  ["a\n.py", "invalid_path", /U\+000A/],
  ["a\u202egnp.py", "invalid_path", /U\+202E/],
  ["a\u200b.py", "invalid_path", /U\+200B/],
  ["\uFEFFapp.py", "invalid_path", /U\+FEFF/],
  ["a\uD800.py", "invalid_path", /U\+D800/],
  [" app.py", "invalid_path", /space/],
  ["pkg /a.py", "invalid_path", /space/],
  ["pkg./a.py", "invalid_path", /dot/],
  ["what?.py", "invalid_path", /the character \?/],
  [`${"é".repeat(60)}.py`, "invalid_path", /longer than 120 bytes/],
  [`${"a/".repeat(99)}aaa.py`, "path_too_long", /204 characters; .* at most 200/],
  [deep(bundleLimits.pathDepth + 1), "path_too_long", /9 levels deep/],
  ["__pycache__/a.py", "reserved_path", /"__pycache__" is a reserved name/],
  [".git/config.txt", "reserved_path", /"\.git"/],
  [".GIT/config.txt", "reserved_path", /"\.GIT"/],
  ["fp_runner/x.py", "reserved_path", /"fp_runner"/],
  ["fp_runner.py", "reserved_path", /"fp_runner\.py"/],
  [".fp.yaml", "reserved_path", /"\.fp\.yaml"/],
  ["con.py", "reserved_path", /"con\.py"/],
  ["a/LPT1.txt", "reserved_path", /"LPT1\.txt"/],
  ["Makefile", "extension_not_allowed", /has no extension/],
  [".env", "extension_not_allowed", /has no extension/],
  ["run.sh", "extension_not_allowed", /\.sh/],
  ["app.pyc", "extension_not_allowed", /\.pyc/],
  ["a.yml", "extension_not_allowed", /Name it \.yaml/],
  ["static/a.jpeg", "extension_not_allowed", /Name it \.jpg/],
  ["logo.png", "binary_not_allowed", /under static\/ only/],
  ["pkg/static/logo.png", "binary_not_allowed", /under static\/ only/],
  ["Static/logo.png", "binary_not_allowed", /under static\/ only/],
])("%j is refused: %s", (path, code, message) => {
  expect(checkPath(path)).toEqual({ code, message: expect.stringMatching(message) });
});

test("a path that may be used leads nowhere but into its folder, on any system", () => {
  const parts = fc.constantFrom(
    "..",
    ".",
    "",
    "a",
    "A",
    "..a",
    "a..",
    "...",
    " ",
    "app",
    "static",
    "con",
    "~",
    "%2e%2e",
    "C:",
    "\\",
    "x.py",
    "a.py",
    "\u2024\u2024",
    "\uFF0E\uFF0E",
  );
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), fc.constantFrom("", ".py", ".png"), (segments, extension) => {
      const path = segments.join("/") + extension;
      if (checkPath(path) !== null) return;
      expect(posix.normalize(path)).toBe(path);
      expect(posix.join("/code", path).startsWith("/code/")).toBe(true);
      expect(path).not.toMatch(/[\\:]/);
      expect(isTextPath(path) || isBinaryPath(path)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test("any text is judged, in words that can be shown", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (path) => {
      const found = checkPath(path);
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(found?.message ?? "").not.toMatch(/[\u0000-\u001f]/);
    }),
    { numRuns: 1_000 },
  );
});

test("each extension is text or binary, in any case", () => {
  for (const extension of textExtensions)
    expect([isTextPath(`a.${extension}`), isBinaryPath(`a.${extension.toUpperCase()}`)]).toEqual([true, false]);
  for (const extension of binaryExtensions)
    expect([isTextPath(`a.${extension}`), isBinaryPath(`a.${extension.toUpperCase()}`)]).toEqual([false, true]);
});

describe("paths that could not lie side by side", () => {
  const pairs = (paths: readonly string[]) => duplicatePaths(paths).map(({ path, other }) => [path, other]);

  test("equal but for case or spelling", () => {
    expect(pairs(["README.md", "readme.md", "app.py"])).toEqual([["readme.md", "README.md"]]);
    expect(pairs(["e\u0301.py", "\u00e9.py"])).toEqual([["\u00e9.py", "e\u0301.py"]]);
    expect(pairs(["a.py", "A.py", "a.PY"])).toHaveLength(2);
  });

  test("a file where another has a folder, and folders that differ in case", () => {
    expect(pairs(["data.json", "data.json/a.txt"])).toHaveLength(1);
    expect(pairs(["Data.json", "data.JSON/a.txt"])).toHaveLength(1);
    expect(pairs(["Pkg/a.py", "pkg/b.py"])).toHaveLength(1);
  });

  test("none among files that only share a folder or a beginning", () => {
    expect(pairs(["a/b.py", "a/c.py", "a.py", "ab/c.py", "a/b/c.py"])).toEqual([]);
  });

  test("are named as they were given, and once there is a pair, whatever the order", () => {
    const some = fc.uniqueArray(fc.constantFrom("a.py", "A.py", "b/a.py", "B/a.py", "b/A.py", "b", "b.py", "c/d/e.py", "c/D/f.py"), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(some, (given) => {
        for (const { path, other } of duplicatePaths(given)) {
          expect(given).toContain(path);
          expect(given).toContain(other);
          expect(path).not.toBe(other);
        }
        expect(duplicatePaths(given).length > 0).toBe(duplicatePaths(given.toReversed()).length > 0);
      }),
    );
  });
});
