import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { statusByCode } from "#core/contract/problem.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFile(join(root, path), "utf8");

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

test("every problem code is explained, with the status that carries it", async () => {
  const page = await read("docs/errors.md");
  for (const [code, status] of Object.entries(statusByCode)) expect(page).toContain(`| \`${code}\` | ${status} |`);
  const gateway = (await read("server/gateway/answers/refusal.ts")).matchAll(/code: "([a-z_]+)"/g);
  for (const [, code] of gateway) expect(page.split("## At an app's own host")[1]).toContain(`\`${code}\``);
});

test("every finding that the checks make is explained", async () => {
  const page = await read("docs/errors.md");
  const sources = await Promise.all(
    [...(await readdir(join(root, "core/python"))).map((name) => `core/python/${name}`), "core/bundle.ts", "core/bundle-paths.ts"]
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
      .map(read),
  );
  const codes = new Set(sources.flatMap((source) => [...source.matchAll(/"((?:[a-z]+_)+[a-z]+)"/g)].map(([, code]) => code!)));
  const found = [...codes].filter((code) =>
    /^(syntax_error|no_|forbidden_|import_cycle|blocked_|unresolved_|relative_import|shadowed_|invalid_|too_many_|file_too|bundle_too|path_|reserved_|extension_|binary_)/.test(
      code,
    ),
  );
  expect(found.length).toBeGreaterThan(12);
  for (const code of found) expect(page, code).toContain(`\`${code}\``);
});
