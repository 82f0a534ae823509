import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";
import { findDomainCycle, judgeImport, type Import } from "./import-rules.ts";

const root = join(import.meta.dirname, "..");
const folders = ["core", "app", "server", "cli", "scripts"];

describe("every import of the checkout", async () => {
  const imports = await readImports();

  test("keeps to the table of the architecture", () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.map(judgeImport).filter((problem) => problem !== null)).toEqual([]);
  });

  test("makes no cycle among the domains", () => {
    expect(findDomainCycle(imports)).toBeNull();
  });
});

describe("the table", () => {
  const own = (from: string, to: string, typeOnly = false): Import => ({ from, to, own: true, typeOnly });
  const foreign = (from: string, to: string): Import => ({ from, to, own: false, typeOnly: false });

  test.each([
    own("core/slug.ts", "server/config.ts"),
    foreign("core/slug.ts", "node:fs"),
    own("app/components/ui/button.tsx", "core/slug.ts"),
    own("app/components/app-row.tsx", "server/services.ts", true),
    own("app/routes/apps/page.tsx", "server/apps/index.ts"),
    own("server/api/apps.ts", "server/apps/models.ts"),
    own("server/apps/apps.ts", "server/config.ts"),
    own("server/apps/apps.ts", "server/runtime/local/index.ts"),
    own("server/apps/apps.ts", "server/databases/models.ts"),
    foreign("server/apps/apps.ts", "hono"),
    own("server/runtime/local/pool.ts", "server/apps/index.ts"),
    own("server/prepare/load.ts", "server/services.ts"),
  ])("refuses $from → $to", (given) => expect(judgeImport(given)).not.toBeNull());

  test.each([
    own("app/routes/apps/page.tsx", "server/services.ts", true),
    own("app/routes/apps/page.tsx", "server/http/route.ts"),
    own("server/apps/apps.ts", "server/databases/index.ts"),
    own("server/services.ts", "server/runtime/local/index.ts"),
    foreign("server/storage/index.ts", "mongoose"),
  ])("allows $from → $to", (given) => expect(judgeImport(given)).toBeNull());

  test("finds a cycle over several domains", () => {
    const ring = [
      own("server/apps/a.ts", "server/logs/index.ts"),
      own("server/logs/a.ts", "server/requests/index.ts"),
      own("server/requests/a.ts", "server/apps/index.ts"),
    ];
    expect(findDomainCycle(ring)).toBe("apps → logs → requests → apps");
    expect(findDomainCycle([...ring.slice(0, 2), own("server/requests/a.ts", "server/apps/index.ts", true)])).toBeNull();
  });
});

/** Tests are left out: they may import anything. */
async function readImports(): Promise<Import[]> {
  const imports: Import[] = [];
  for (const folder of folders) {
    const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || /\.test(-part)?\.tsx?$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      imports.push(...parseImports(path.slice(root.length + 1), await readFile(path, "utf8")));
    }
  }
  return imports;
}

function parseImports(from: string, source: string): Import[] {
  const { module, errors } = parseSync(from, source);
  expect(errors, from).toEqual([]);
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean): void => {
    const bare = specifier.replace(/\?.*$/, "");
    const to = bare.startsWith("#") ? bare.slice(1) : bare.startsWith(".") ? posix.join(dirname(from), bare) : bare;
    found.push({ from, to, own: bare.startsWith("#") || bare.startsWith("."), typeOnly });
  };
  for (const { moduleRequest, entries } of module.staticImports)
    add(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType));
  for (const { entries } of module.staticExports)
    for (const { moduleRequest, isType } of entries) if (moduleRequest) add(moduleRequest.value, isType);
  for (const { moduleRequest } of module.dynamicImports) {
    const text = /^(["'`])([^$]*)\1$/.exec(source.slice(moduleRequest.start, moduleRequest.end))?.[2];
    if (text) add(text, false);
  }
  return found;
}
