import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const read = (path: string) => readFile(join(import.meta.dirname, "..", path), "utf8");

test("every variable of the configuration is described with what it does, and no other", async () => {
  const declared = [...(await read("server/config.ts")).matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name!);
  expect(declared).toContain("PORT");
  const beside = ["MONGOD", "MONGOD_DOWNLOAD", "PYTHON", "XDG_CACHE_HOME"];
  const described = [...(await read("docs/configuration.md")).matchAll(/^\| `([A-Z][A-Z0-9_]+)` \| [^|]+ \| [^|]{10,} \|$/gm)].map(
    ([, name]) => name!,
  );
  expect(described.toSorted()).toEqual([...declared, ...beside].toSorted());
});

test("the variables that only the preparation reads are described too", async () => {
  const page = await read("docs/configuration.md");
  const readers = [
    "server/prepare/prepare.ts",
    "server/prepare/python.ts",
    "server/prepare/cache.ts",
    "server/storage/embedded/find.ts",
    "server/storage/embedded/download.ts",
    "server/storage/embedded/index.ts",
    "tests/setup.ts",
    "scripts/test.ts",
    "scripts/system-packages.ts",
  ];
  const system = new Set(["PATH", "HOME"]);
  for (const path of readers)
    for (const [, name] of (await read(path)).matchAll(/\b(?:environment|process\.env)\["([A-Z_]+)"\]/g))
      if (!system.has(name!)) expect(page, `${name} of ${path}`).toContain(`\`${name}\``);
});

test("every dependency has its reason, and every reason its dependency", async () => {
  const { dependencies, devDependencies } = JSON.parse(await read("package.json")) as Record<string, Record<string, string>>;
  const described = [...(await read("docs/dependencies.md")).matchAll(/^\| `([^`]+)` \| .{4,} \|$/gm)].map(([, name]) => name!);
  expect(described.toSorted()).toEqual([...Object.keys(dependencies!), ...Object.keys(devDependencies!)].toSorted());
});

test("every command of package.json is in the development guide", async () => {
  const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
  const page = await read("docs/development.md");
  for (const name of Object.keys(scripts)) expect(page).toMatch(new RegExp(`\\| \`npm (run )?${name}\\b`));
});
