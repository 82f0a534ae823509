import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bundleSizeBytes, checkFiles, contentBytes, contentFromBytes, contentSizeBytes, hashBundle, normaliseFiles } from "./bundle.ts";
import type { FileContent, Files } from "./contract/files.ts";
import { bundleLimits } from "./limits.ts";

const base64 = (bytes: Uint8Array): FileContent => ({ base64: Buffer.from(bytes).toString("base64") });
const codes = (files: Files) => checkFiles(files).map(({ code }) => code);

/** Paths as apps have them, few enough to meet, in both spellings of an accent. */
const paths = fc.constantFrom(
  "app.py",
  "a.py",
  "b.py",
  "ab.py",
  "pkg/__init__.py",
  "templates/index.html",
  "static/style.css",
  "static/é.css",
  "static/e\u0301.css",
  "notes.md",
);
const contents: fc.Arbitrary<FileContent> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("", "text 4 1\n", "app.py", "\n", "\r\n", "a", "ab"),
  fc.uint8Array({ maxLength: 40 }).map(base64),
);
const bundles = fc.dictionary(paths, contents, { minKeys: 1, maxKeys: 6 }).map((files): Files => ({ ...files }));

/** What a bundle is, said in another way than its name is made: the paths in one spelling, with kinds and bytes. */
function identity(files: Files): string {
  const entries = Object.entries(files).map(([path, content]) => [
    path.normalize("NFC"),
    typeof content,
    Buffer.from(contentBytes(content)).toString("hex"),
  ]);
  return JSON.stringify(entries.sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0)));
}
/** Two spellings of one path at once are refused before anything is named. */
const spelledOnce = (files: Files) => new Set(Object.keys(files).map((path) => path.normalize("NFC"))).size === Object.keys(files).length;

describe("the name of a bundle", () => {
  test("does not depend on the order of its files", () => {
    fc.assert(
      fc.property(bundles.filter(spelledOnce), fc.infiniteStream(fc.nat()), (files, order) => {
        const shuffled = Object.entries(files)
          .map((entry) => ({ entry, at: order.next().value }))
          .sort((a, b) => a.at - b.at);
        expect(hashBundle(Object.fromEntries(shuffled.map(({ entry }) => entry)))).toBe(hashBundle(files));
      }),
    );
  });

  test("is the same for the same files and for no others", () => {
    fc.assert(
      fc.property(bundles.filter(spelledOnce), bundles.filter(spelledOnce), (one, other) => {
        expect(hashBundle(one) === hashBundle(other)).toBe(identity(one) === identity(other));
      }),
      { numRuns: 2_000 },
    );
  });

  test("tells apart what a careless encoding would not", () => {
    const alike: Files[] = [
      { "a.py": "", "b.py": "" },
      { "a.py": "b.py" },
      { "a.pyb.py": "" },
      { "a.py": "text 4 0\nb.py" },
      { "a.py": "1", "b.py": "2" },
      { "a.py": "12", "b.py": "" },
      { "a.py": "2", "b.py": "1" },
      { "a.py": "x" },
      { "a.py": "x\n" },
      { "a.py": "x\r\n" },
      { "a.py": "\uFEFFx" },
      { "static/x.png": base64(Buffer.from("x")) },
      { "static/x.png": "x" },
    ];
    expect(new Set(alike.map(hashBundle)).size).toBe(alike.length);
  });

  test("follows the documented encoding, so that stored names keep their meaning", () => {
    const encoded = Buffer.concat([
      Buffer.from("fp-bundle-1\ntext 6 3\napp.pya\u00e9"),
      Buffer.from("binary 12 2\nstatic/i.png"),
      Buffer.from([0, 255]),
    ]);
    const files: Files = { "static/i.png": base64(Buffer.from([0, 255])), "app.py": "aé" };
    expect(hashBundle(files)).toBe(createHash("sha256").update(encoded).digest("hex"));
  });

  test("does not change when files are put into their stored form, which is always the same", () => {
    fc.assert(
      fc.property(bundles.filter(spelledOnce), (files) => {
        const stored = normaliseFiles(files);
        expect(hashBundle(stored)).toBe(hashBundle(files));
        expect(normaliseFiles(stored)).toEqual(stored);
        expect(Object.keys(stored)).toEqual(Object.keys(stored).sort());
        expect(identity(stored)).toBe(identity(files));
      }),
    );
  });
});

describe("contents", () => {
  test("come back from their bytes as they were", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => contentFromBytes("a.txt", contentBytes(text)) === text));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(contentBytes(contentFromBytes("static/a.png", bytes))).toEqual(bytes);
      }),
    );
    expect(contentFromBytes("a.py", contentBytes("\uFEFFx"))).toBe("\uFEFFx");
    expect(() => contentFromBytes("a.py", Uint8Array.of(0xff))).toThrow(TypeError);
  });

  test("are counted in bytes, decoded", () => {
    expect(contentSizeBytes("aé€😀")).toBe(1 + 2 + 3 + 4);
    expect(contentSizeBytes(base64(new Uint8Array(7)))).toBe(7);
    expect(bundleSizeBytes({ "a.py": "é", "static/b.png": base64(new Uint8Array(3)) })).toBe(5);
  });
});

describe("what may be saved", () => {
  const filled = (count: number, bytes = 1): Files =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${String(index).padStart(2, "0")}.py`, "x".repeat(bytes)]));

  test("is everything up to the limits", () => {
    expect(checkFiles(filled(bundleLimits.files))).toEqual([]);
    expect(checkFiles({ "app.py": "x".repeat(bundleLimits.fileBytes) })).toEqual([]);
    expect(checkFiles(filled(5, 100_000))).toEqual([]);
    expect(checkFiles({ "app.py": "", "static/i.png": base64(new Uint8Array(bundleLimits.fileBytes)) })).toEqual([]);
  });

  test.each<[string, Files, string, string, RegExp]>([
    ["no file", {}, "app.py", "no_files", /at least one file/],
    ["51 files", filled(51), "f50.py", "too_many_files", /at most 50 files; this one has 51/],
    [
      "101 KB in one",
      { "app.py": "", "big.txt": "x".repeat(101_000) },
      "big.txt",
      "file_too_large",
      /101 KB \(101,000 bytes\).*at most 100 KB/,
    ],
    ["one byte too many, in two-byte letters", { "app.py": `${"é".repeat(50_000)}x` }, "app.py", "file_too_large", /100,001 bytes/],
    ["101 KB of an image", { "static/i.png": base64(new Uint8Array(101_000)) }, "static/i.png", "file_too_large", /101 KB/],
    [
      "501 KB in all",
      { ...filled(5, 100_000), "app.py": "x".repeat(1_000) },
      "f00.py",
      "bundle_too_large",
      /501 KB \(501,000 bytes\); at most 500 KB/,
    ],
    ["a path with ..", { "../app.py": "" }, "../app.py", "invalid_path", /contains \.\./],
    ["a NUL in a path", { "a\0.py": "" }, "a\0.py", "invalid_path", /NUL/],
    ["a NUL in a text", { "app.py": "a\nb\0c" }, "app.py", "binary_content", /NUL/],
    ["half a character", { "app.py": "a\uD800" }, "app.py", "binary_content", /surrogate/],
    [
      "names that differ in case",
      { "App.py": "", "app.py": "" },
      "app.py",
      "path_conflict",
      /"app\.py" and "App\.py" differ only in capital/,
    ],
    ["names that differ in an accent's spelling", { "e\u0301.py": "", "\u00e9.py": "" }, "\u00e9.py", "path_conflict", /accents' spelling/],
    ["folders that differ in case", { "Pkg/a.py": "", "pkg/b.py": "" }, "pkg/b.py", "path_conflict", /folders that differ/],
    ["base64 where text belongs", { "app.py": base64(Buffer.from("x")) }, "app.py", "binary_not_allowed", /text file but came as base64/],
    ["a binary outside static/", { "logo.png": base64(Buffer.from("x")) }, "logo.png", "binary_not_allowed", /under static\/ only/],
    ["text where a binary belongs", { "static/i.png": "x" }, "static/i.png", "binary_expected", /base64/],
    ["broken base64", { "static/i.png": { base64: "@@@" } }, "static/i.png", "invalid_base64", /not valid base64/],
    ["a kind that is not allowed", { "run.sh": "" }, "run.sh", "extension_not_allowed", /\.sh, which is not allowed/],
  ])("%s is refused by name", (_, files, file, code, message) => {
    expect(checkFiles(files)).toContainEqual(
      expect.objectContaining({ file, code, severity: "error", message: expect.stringMatching(message) }),
    );
    expect(checkFiles(files)).toHaveLength(1);
  });

  test("a NUL is found at its line and column", () => {
    expect(checkFiles({ "app.py": "a\nbc\0d" })).toMatchObject([{ line: 2, column: 3 }]);
  });

  test("everything wrong is said at once", () => {
    expect(codes({ "../x.py": "", "App.py": "\0", "app.py": "x".repeat(100_001), "static/i.png": "text" })).toEqual([
      "invalid_path",
      "binary_content",
      "file_too_large",
      "binary_expected",
      "path_conflict",
    ]);
  });

  test("whatever is given gets an answer, with a file that was given and words that can be shown", () => {
    const anything = fc.dictionary(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.string().map((text) => ({ base64: text })),
      ),
      { minKeys: 1, maxKeys: 60 },
    );
    fc.assert(
      fc.property(anything, (files) => {
        for (const { file, message } of checkFiles(files)) {
          expect(Object.keys(files)).toContain(file);
          // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
          expect(message).not.toMatch(/[\u0000-\u001f]/);
          expect(message.length).toBeLessThan(1_000);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("what passes stays valid in its stored form", () => {
    fc.assert(
      fc.property(bundles, (files) => {
        if (checkFiles(files).length === 0) expect(checkFiles(normaliseFiles(files))).toEqual([]);
      }),
    );
  });
});
