import { describe, expect, it } from "vitest";
import { buildZip } from "../../../tests/zips.ts";
import { takeUploads, unpackUploads, type Upload } from "./uploads.ts";

const upload = (path: string, content: string | number[] = "x", size?: number): Upload => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
  return { path, file: { size: size ?? bytes.length, arrayBuffer: () => Promise.resolve(bytes.buffer) } };
};
const take = (...uploads: Upload[]) => takeUploads({ "app.py": "old", "notes.md": "kept" }, uploads, "app.py");

describe("uploaded files", () => {
  it("are added, or take the place of what is there", async () => {
    expect(await take(upload("app.py", "new"), upload("lib/db.py", "db"))).toEqual({
      files: { "app.py": "new", "notes.md": "kept", "lib/db.py": "db" },
      added: ["lib/db.py"],
      replaced: ["app.py"],
      refused: [],
    });
  });

  it("keep bytes as bytes, in static/, under names that a path can have", async () => {
    const { files } = await take(upload("My Photo (1).png", [137, 80, 78, 71, 0]), upload("img/Übersicht.JPEG", [1]));
    expect(files["static/My_Photo_1_.png"]).toEqual({ base64: "iVBORwA=" });
    expect(files["static/Übersicht.jpg"]).toEqual({ base64: "AQ==" });
  });

  it("are the app's own when their folder is an app", async () => {
    const { added, replaced } = await take(upload("shop/app.py"), upload("shop/static/a.css"), upload("shop/.git/config"));
    expect([added, replaced]).toEqual([["static/a.css"], ["app.py"]]);
    expect((await take(upload("shop/lib/app.py"), upload("shop/a.css"))).added).toEqual(["shop/lib/app.py", "shop/a.css"]);
  });

  it("leave out what tools leave beside them, without a word", async () => {
    const taken = await take(upload(".DS_Store"), upload("a/__pycache__/b.pyc"), upload("node_modules/x/y.js"), upload("a.pyc"));
    expect(taken).toMatchObject({ added: [], replaced: [], refused: [] });
  });

  it("are refused each for its own reason: kind, size, encoding", async () => {
    const { refused, files } = await take(upload("setup.exe"), upload("big.csv", "x", 100_001), upload("latin.txt", [228, 246]));
    expect(refused).toEqual([
      expect.stringContaining('"setup.exe"'),
      "big.csv has more than 100 KB, the most that a file may have.",
      "latin.txt is not UTF-8 text.",
    ]);
    expect(files).toEqual({ "app.py": "old", "notes.md": "kept" });
  });
});

describe("a ZIP among uploads", () => {
  const zip = (path: string, parts: Parameters<typeof buildZip>[0]): Upload => upload(path, [...buildZip(parts)]);

  it("is unpacked beside the others, by the rules that they have; what is left out is told", async () => {
    const given = [
      upload("notes.md", "mine"),
      zip("shop-main.zip", [
        { name: "shop-main/app.py", content: "new" },
        { name: "shop-main/img/logo.png", content: new Uint8Array([137, 80]) },
        { name: "shop-main/.git/HEAD", content: "x" },
        { name: "shop-main/.fp.yaml", content: "name: Shop" },
        { name: "shop-main/big.csv", content: "x".repeat(100_001) },
      ]),
    ];
    const unpacked = await unpackUploads(given);
    expect(unpacked).toMatchObject({ refused: [], leftOut: ["shop-main/.git/", ".fp.yaml"] });
    expect(await take(...unpacked.uploads)).toMatchObject({
      files: { "app.py": "new", "notes.md": "mine", "static/logo.png": { base64: "iVA=" } },
      refused: ["big.csv has more than 100 KB, the most that a file may have."],
    });
  });

  it("that is hostile, damaged or far too large gives nothing but the reason", async () => {
    const { uploads, refused } = await unpackUploads([
      zip("evil.zip", [{ name: "app.py" }, { name: "../x.py" }]),
      upload("broken.ZIP", "PK"),
      upload("huge.zip", "x", 20_000_000),
      upload("kept.md", "kept"),
    ]);
    expect(uploads.map(({ path }) => path)).toEqual(["kept.md"]);
    expect(refused).toEqual([
      'evil.zip: "../x.py" contains .., which leads out of the app\'s folder.',
      "broken.ZIP: This is not a ZIP.",
      "huge.zip has 20 MB; at most 10 MB are read.",
    ]);
  });
});
