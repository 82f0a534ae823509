import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSyntaxChecker } from "#server/python-syntax.ts";
import packages from "../../runner/packages.json" with { type: "json" };
import { checkPython, importNamesOf, usesMongo } from "../python/index.ts";
import { parseTemplate } from "./template.ts";

const folder = join(import.meta.dirname, "../../templates");
const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const allowedImports = importNamesOf(packages.packages);

test.each(names)("%s is a template without a finding, and is what it says", (name) => {
  const template = parseTemplate(readFileSync(join(folder, name), "utf8"));
  expect(`${template.id}.yaml`).toBe(name);
  const result = checkPython(template.files, {
    entrypoint: template.entrypoint,
    allowedImports,
    syntaxErrors: createSyntaxChecker("3.11"),
  });
  expect(result).toEqual({ ok: true, framework: template.framework, problems: [] });
  expect(usesMongo(template.files)).toBe(template.database);
});

test("what is wrong with a template is named", () => {
  expect(() => parseTemplate("id: X\nname: a\n")).toThrow(/id: .*[\s\S]*files: /);
});
