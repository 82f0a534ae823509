import { describe, expect, it, test } from "vitest";
import { packApp, parseAppFile, unpackApp, type PackedApp } from "./app-archive.ts";
import { buildZip } from "../tests/zips.ts";
import { readZip } from "./zip/index.ts";

const app: PackedApp = {
  name: "Notes: a list",
  description: "With\ntwo lines",
  entrypoint: "main.py",
  database: true,
  sleepAfterMinutes: 30,
  env: [
    { name: "GREETING", value: 'say "${NAME}" & $${B} $$ 8080', secret: false },
    { name: "PORT_TEXT", value: "8080", secret: false },
    { name: "YES", value: "true", secret: false },
    { name: "KEY", secret: true },
    { name: "LEAK", value: "hidden-value", secret: true },
  ],
  files: { "main.py": "app = 1\n", "static/logo.png": { base64: "iVBORwA=" }, "bom.txt": "\ufefftext" },
};
const ok = (zip: Uint8Array) => {
  const found = unpackApp(zip);
  if ("problems" in found) throw new Error(JSON.stringify(found.problems));
  return found;
};
const problemsOf = (...parts: Parameters<typeof buildZip>) => {
  const found = unpackApp(buildZip(...parts));
  return "problems" in found ? found.problems : [];
};

test("an app comes out of its ZIP as it went in, but for the values of secrets", () => {
  const zip = packApp(app, new Date("2026-01-02"));
  expect(ok(zip)).toEqual({
    files: app.files,
    entrypoint: "main.py",
    settings: { name: app.name, description: app.description, database: true, sleepAfterMinutes: 30 },
    env: [
      { name: "GREETING", value: 'say "${NAME}" & $${B} $$ 8080', secret: false },
      { name: "PORT_TEXT", value: "8080", secret: false },
      { name: "YES", value: "true", secret: false },
      { name: "KEY", value: "", secret: true },
      { name: "LEAK", value: "", secret: true },
    ],
    missingValues: ["KEY", "LEAK"],
    leftOut: [],
  });
  const appFile = new TextDecoder().decode(readZip(zip).files.get(".fp.yaml"));
  expect(appFile).toContain("KEY:\n    secret: true");
  expect(appFile).not.toContain("hidden-value");
  expect(packApp(app, new Date("2026-01-02"))).toEqual(zip);
});

test("a ZIP without .fp.yaml is an app when it has app.py, or else main.py", () => {
  expect(ok(buildZip([{ name: "x/app.py" }, { name: "x/main.py" }])).entrypoint).toBe("app.py");
  expect(ok(buildZip([{ name: "x/main.py" }])).entrypoint).toBe("main.py");
  expect(problemsOf([{ name: "x/other.py" }])).toEqual([expect.objectContaining({ file: "app.py", code: "no_entrypoint" })]);
});

test("each file that an app cannot have is a problem of its own", () => {
  const found = problemsOf([
    { name: "app.py" },
    { name: "setup.exe", content: new Uint8Array([77, 90, 255, 254]) },
    { name: "__proto__", content: "x" },
    { name: "logo.png", content: "x" },
    { name: "big.csv", content: "x".repeat(100_001) },
    { name: "huge.sqlite", content: "x".repeat(200_000) },
    { name: "latin.txt", content: new Uint8Array([228, 246]) },
    { name: "lib/a:b.py", content: "x" },
  ]);
  const codes = Object.fromEntries(found.map((each) => ("file" in each ? [each.file, each.code] : [each.path, each.message])));
  expect(codes).toMatchObject({
    "setup.exe": "extension_not_allowed",
    "lib/a:b.py": "invalid_path",
    "big.csv": "file_too_large",
    "huge.sqlite": "extension_not_allowed",
    "latin.txt": "binary_content",
  });
  expect(found).toHaveLength(7);
  const huge = problemsOf([{ name: "app.py" }, { name: ".fp.yaml", content: "x".repeat(600_001) }]);
  expect(huge).toEqual([
    expect.objectContaining({ code: "file_too_large", message: '".fp.yaml" has 600 KB; a file may have at most 600 KB.' }),
  ]);
  const rules = problemsOf([{ name: "app.py" }, { name: "setup.exe" }, { name: "logo.png" }, { name: "lib/a:b.py" }]);
  expect(rules.map((each) => ("code" in each ? each.code : ""))).toEqual(["extension_not_allowed", "binary_not_allowed", "invalid_path"]);
});

test("a ZIP that is refused as a whole says so of the upload, or of the entry", () => {
  expect(unpackApp(new TextEncoder().encode("hello"))).toEqual({ problems: [{ path: "file", message: "This is not a ZIP." }] });
  expect(problemsOf([{ name: "app.py" }, { name: "../x.py" }])).toEqual([expect.objectContaining({ file: "../x.py", code: "zip_unsafe" })]);
});

describe(".fp.yaml", () => {
  const wrong = (text: string) => {
    const found = parseAppFile(text);
    return "problems" in found && found.problems ? found.problems : [];
  };

  it("may say what the command line needs; variables are text, whatever YAML makes of them", () => {
    const text =
      'name: Shop\nplatform: https://fp.example.com\nignore: ["tests/**"]\nenv:\n  PORT: 8080\n  DEBUG: true\n  URL: "${HOST}/x"\n  KEY: {value: "${KEY}", secret: true}\n';
    expect(parseAppFile(text)).toMatchObject({ name: "Shop", env: { PORT: "8080", DEBUG: "true" } });
    const found = ok(buildZip([{ name: "app.py" }, { name: ".fp.yaml", content: text }]));
    expect(found.missingValues).toEqual(["URL", "KEY"]);
    expect(found.env).toContainEqual({ name: "KEY", value: "", secret: true });
    expect(parseAppFile("")).toEqual({});
  });

  it("names keys that nobody knows, with their lines", () => {
    expect(wrong("name: x\nregion: eu\nenv:\n  A: {secret: true, vault: 1}\n")).toEqual([
      expect.objectContaining({ line: 4, message: expect.stringMatching(/A variable may say value and secret|env\.A/) }),
      expect.objectContaining({
        file: ".fp.yaml",
        line: 2,
        message: expect.stringMatching(/"region" is not known here.*name, description/),
      }),
    ]);
  });

  it.each([
    ["name: [", 1, /not valid YAML/],
    ["name: x\nname: y", 2, /not valid YAML/],
    ["a: &a [x]\nb: *a", 1, /cannot be read as YAML/],
    ["- x", 1, /it is not right/],
    ["name: x\nsleepAfterMinutes: 0", 2, /sleepAfterMinutes is not right/],
    ["env:\n  1BAD: x", 2, /env\.1BAD is not right/],
    ["[".repeat(600_000), 1, /more than an app can have/],
    [Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join("\n"), 1, /more than an app can have/],
    ["[".repeat(5_000), 1, /YAML/],
  ])("%# is refused on its line", (text, line, words) => {
    const [first] = wrong(text);
    expect([first?.line, first?.message]).toEqual([line, expect.stringMatching(words)]);
  });
});
