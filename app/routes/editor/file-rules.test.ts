import { describe, expect, test } from "vitest";
import { checkFiles } from "#core/bundle.ts";
import { checkPython, importNamesOf } from "#core/python/index.ts";
import packages from "../../../runner/packages.json" with { type: "json" };
import { freePath, languageOf, listOrder, refusePath, starters } from "./file-rules.ts";

const files = { "app.py": "", "lib/a.py": "", "static/logo.png": { base64: "AA==" } };

describe("file rules", () => {
  test.each([
    ["app.py", "already there"],
    ["App.py", "already there"],
    ["lib", "no extension"],
    ["lib/a.py/b.py", "stands in the way"],
    ["../x.py", ".."],
    ["", "Give it a name"],
    ["static/new.png", "Upload"],
  ])("%j is refused, with the reason", (path, reason) => {
    expect(refusePath(files, path)).toContain(reason);
  });

  test("a file may be renamed to itself in other letters, but not change its kind", () => {
    expect(refusePath(files, "lib/A.py", "lib/a.py")).toBeNull();
    expect(refusePath(files, "static/logo.webp", "static/logo.png")).toBeNull();
    expect(refusePath(files, "static/logo.svg", "static/logo.png")).toContain("keeps its kind");
  });

  test("every starter can be saved as it is, beside all others", () => {
    expect(checkFiles(Object.fromEntries(starters.map(({ path, content }) => [path, content])))).toEqual([]);
  });

  test("no starter imports what an app may not", () => {
    const app = { "app.py": "from fastapi import FastAPI\napp = FastAPI()\n" };
    const all = Object.fromEntries(starters.map(({ path, content }) => [path, content]));
    const { problems } = checkPython({ ...app, ...all }, { allowedImports: importNamesOf(packages.packages), syntaxErrors: () => [] });
    expect(problems).toEqual([]);
  });

  test("a starter's name that is taken gets a number", () => {
    expect(freePath({ "routes.py": "", "Routes_2.py": "" }, "routes.py")).toBe("routes_3.py");
    expect(freePath({}, "routes.py")).toBe("routes.py");
  });

  test("the entrypoint comes first, folders last", () => {
    expect(listOrder({ "static/a.css": "", "z.py": "", "app.py": "", "b.py": "" }, "app.py")).toEqual([
      "app.py",
      "b.py",
      "z.py",
      "static/a.css",
    ]);
  });

  test("languages follow endings", () => {
    expect([languageOf("a/b.py"), languageOf("README.md"), languageOf("x.csv")]).toEqual(["python", "markdown", "plaintext"]);
  });
});
