import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bundleLimits, zipLimits } from "../limits.ts";
import { buildZip, packedZeros, type PartOptions } from "../../tests/zips.ts";
import { readZip, writeZip } from "./index.ts";

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);
const utf8 = (words: string) => new TextEncoder().encode(words);
const app: PartOptions = { name: "app.py", content: "app = 1\n" };

describe("what is written", () => {
  const name = fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8}){0,2}\.(py|txt|png)$/);
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 2_000 }), fc.constant(new Uint8Array(90_000)));

  test("is read again byte for byte, but for the one folder that all of it lies in", () => {
    fc.assert(
      fc.property(fc.dictionary(name, bytes, { minKeys: 1, maxKeys: 5, noNullPrototype: true }), (files) => {
        // Beside it nothing is the one folder.
        const given = new Map([...Object.entries(files), ["zz.txt", utf8("")]]);
        const read = readZip(writeZip(given, new Date("2026-01-01")));
        if (read.problems.length > 0) expect(read.problems[0]!.message).toContain("cannot both be");
        else expect(new Map(read.files)).toEqual(given);
      }),
      { numRuns: 50 },
    );
  });

  test("damage anywhere in it is an answer or a refusal, never a throw, and never other content", () => {
    const content = utf8("from fastapi import FastAPI\n".repeat(20));
    const whole = writeZip(
      new Map([
        ["app.py", content],
        ["z.md", utf8("x")],
      ]),
      new Date(0),
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = whole.slice();
        damaged[at] = byte;
        const { files, problems } = readZip(damaged);
        for (const found of files.values()) expect([text(content), "x"]).toContain(text(found));
        expect(problems.length + files.size).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what is read", () => {
  it("loses the one folder that all of it lies in, and what tools leave beside the code is told", () => {
    const read = readZip(
      buildZip([
        { name: "shop-main/", content: "", mode: 0o040755 },
        { name: "shop-main/app.py", content: "app = 1\n" },
        { name: "shop-main/static/a.css", content: "a{}" },
        { name: "shop-main/.fp.yaml", content: "name: Shop\n" },
        { name: "shop-main/.git/config", content: "x" },
        { name: "shop-main/.git/HEAD", content: "x" },
        { name: "shop-main/.env", content: "KEY=hidden" },
        { name: "shop-main/lib/__pycache__/a.pyc", content: "x" },
        { name: "shop-main/node_modules/a/b.js", content: "x" },
        { name: "shop-main/.venv/x.py", content: "x" },
        { name: "__MACOSX/._shop-main", content: "x" },
        { name: ".DS_Store", content: "x" },
      ]),
    );
    expect([...read.files.keys()]).toEqual(["app.py", "static/a.css", ".fp.yaml"]);
    expect(read.leftOut).toEqual([
      "shop-main/.git/",
      "shop-main/.env",
      "shop-main/lib/__pycache__/",
      "shop-main/node_modules/",
      "shop-main/.venv/",
      "__MACOSX/",
      ".DS_Store",
    ]);
  });

  it("may be stored without packing, have a comment, an empty file, and names in UTF-8", () => {
    const read = readZip(
      buildZip([{ ...app, method: 0 }, { name: "leer.txt" }, { name: "u\u0308ber.md", content: "ü", flags: 0 }], {
        comment: "made by hand",
      }),
    );
    expect([...read.files].map(([path, bytes]) => [path, text(bytes)])).toEqual([
      ["app.py", "app = 1\n"],
      ["leer.txt", ""],
      ["über.md", "ü"],
    ]);
  });

  it("keeps the folder static, where alone pictures may lie", () => {
    expect([...readZip(buildZip([{ name: "static/a.css" }])).files.keys()]).toEqual(["static/a.css"]);
  });

  it("leaves a file that is too large where it is, and names it", () => {
    const { files, tooLarge, problems } = readZip(buildZip([app, { name: "data.csv", content: "x".repeat(100_001) }]));
    expect([[...files.keys()], tooLarge, problems]).toEqual([["app.py"], [{ path: "data.csv", sizeBytes: 100_001 }], []]);
  });
});

const gigabyte = packedZeros(1_000_000_000);
const hostile: [string, Uint8Array, string, RegExp][] = [
  ["no ZIP", utf8("hello"), "not_a_zip", /not a ZIP/],
  ["nothing", new Uint8Array(), "not_a_zip", /not a ZIP/],
  ["an empty ZIP", buildZip([]), "zip_damaged", /no files/],
  ["only litter", buildZip([{ name: ".git/HEAD" }]), "zip_damaged", /but what tools leave/],
  ["a truncated one", buildZip([app]).slice(0, -30), "zip_damaged", /cut off/],
  ["a list that is cut short", buildZip([app], { count: 2 }), "zip_damaged", /before its last entry/],
  ["a way out", buildZip([app, { name: "../../etc/cron.d/x" }]), "zip_unsafe", /leads out/],
  ["a way out of what is left out", buildZip([app, { name: "__MACOSX/../../x.py" }]), "zip_unsafe", /leads out/],
  ["an absolute path", buildZip([app, { name: "/etc/passwd" }]), "zip_unsafe", /begins with \//],
  ["a backslash", buildZip([app, { name: "..\\x.py" }]), "zip_unsafe", /backslash/],
  ["a drive", buildZip([app, { name: "C:x.py" }]), "zip_unsafe", /drive/],
  ["a NUL", buildZip([app, { name: "a\0.py" }]), "zip_unsafe", /no name/],
  ["a symbolic link", buildZip([app, { name: "link.py", content: "/etc/passwd", mode: 0o120777 }]), "zip_unsafe", /symbolic link/],
  ["a device", buildZip([app, { name: "dev.py", mode: 0o060644 }]), "zip_unsafe", /neither a file nor/],
  ["a name twice", buildZip([app, app]), "zip_unsafe", /twice/],
  ["names equal but for case", buildZip([app, { name: "App.py" }]), "zip_unsafe", /capital letters/],
  ["names equal but for form", buildZip([{ name: "\u00e9.py" }, { name: "e\u0301.py" }]), "zip_unsafe", /accents/],
  ["two names for one file", buildZip([{ ...app, headerName: "bad.py" }]), "zip_damaged", /called something else/],
  ["encryption", buildZip([{ ...app, flags: 0x801 }]), "zip_unsupported", /encrypted/],
  ["another method", buildZip([{ ...app, method: 93 }]), "zip_unsupported", /method 93/],
  ["a ZIP64 entry", buildZip([{ ...app, claimedBytes: 0xffffffff }]), "zip_unsupported", /ZIP64/],
  ["a ZIP64", buildZip([app], { count: 0xffff }), "zip_unsupported", /ZIP64/],
  ["a name in another encoding", buildZip([{ name: "\u00fc.py", latin1: true, flags: 0 }]), "zip_unsupported", /not UTF-8/],
  ["a wrong sum", buildZip([{ ...app, crc: 1 }]), "zip_damaged", /not what the ZIP says/],
  ["data that is no Deflate", buildZip([{ ...app, packed: new Uint8Array(8).fill(255) }]), "zip_damaged", /not what the ZIP says/],
  ["a bomb that claims to be small", buildZip([{ name: "a.txt", packed: gigabyte, claimedBytes: 1_000 }]), "zip_damaged", /not what/],
  ["a claim beyond what Deflate can", buildZip([{ ...app, claimedBytes: 90_000 }]), "zip_unsafe", /claims a size/],
  ["a claim below the truth", buildZip([{ ...app, claimedBytes: 3 }]), "zip_damaged", /not what the ZIP says/],
  ["parts that overlap", buildZip([app, { ...app, name: "app.py", shares: 0 }]), "zip_unsafe", /overlaps/],
  [
    "more than an app may have",
    buildZip([1, 2, 3, 4, 5, 6].map((n) => ({ name: `${n}.txt`, content: "x".repeat(99_000) }))),
    "zip_too_large",
    /500 KB/,
  ],
  ["more than is read", new Uint8Array(zipLimits.archiveBytes + 1), "zip_too_large", /10 MB/],
  [
    "too many entries",
    buildZip(Array.from({ length: zipLimits.entries + 1 }, (_, n) => ({ name: `${n}.py` }))),
    "zip_too_large",
    /10,001 entries/,
  ],
];

describe("refused as a whole, in words, is a ZIP with", () => {
  it.each(hostile)("%s", (_, bytes, code, words) => {
    const read = readZip(bytes);
    expect(read.files.size).toBe(0);
    expect(read.problems.map((each) => each.code)).toContain(code);
    expect(read.problems.map(({ message }) => message).join("\n")).toMatch(words);
  });
});

test("a bomb of 1 GB is not unpacked: named by its size when it tells it, stopped when it lies", () => {
  const before = process.memoryUsage().arrayBuffers;
  const { tooLarge } = readZip(buildZip([app, { name: "zeros.txt", packed: gigabyte, claimedBytes: 1_000_000_000 }]));
  expect(tooLarge).toEqual([{ path: "zeros.txt", sizeBytes: 1_000_000_000 }]);
  const lies = Array.from({ length: 5 }, (_, n) => ({ name: `${n}.txt`, packed: gigabyte, claimedBytes: bundleLimits.fileBytes }));
  expect(readZip(buildZip(lies)).problems).toHaveLength(5);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000_000);
});
