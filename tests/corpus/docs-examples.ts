/** FastAPI's own documentation examples, from the source distribution of the version in the runner's lock. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import type { Files } from "#core/contract/files.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

export interface Example {
  /** Path below `docs_src`. */
  name: string;
  files: Files;
}

/** Brings the source distribution into `cacheDir` once. @throws Error with pip's words when the registry has none. */
export async function fetchExamples(python: string, cacheDir: string): Promise<string> {
  const version = /^fastapi==([\d.]+)/m.exec(readFileSync(join(root, "runner/requirements.lock"), "utf8"))![1]!;
  const folder = join(cacheDir, `fastapi-${version}-source`);
  const source = join(folder, `fastapi-${version}`);
  if (!existsSync(join(source, "docs_src"))) {
    mkdirSync(folder, { recursive: true });
    await run(python, [
      "-m",
      "pip",
      "download",
      "-q",
      "--disable-pip-version-check",
      "--no-deps",
      "--no-binary",
      "fastapi",
      `fastapi==${version}`,
      "-d",
      folder,
    ]);
    await run("tar", ["-xzf", join(folder, `fastapi-${version}.tar.gz`), "-C", folder]);
  }
  return join(source, "docs_src");
}

/** Every example that makes an app. One that imports its neighbours becomes a package beside a two-line `app.py`. */
export function readExamples(folder: string): Example[] {
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".py") && !/(^|[/\\])(test_|__init__)/.test(path))
    .sort();
  return sources.flatMap((path) => {
    const text = readFileSync(join(folder, path), "utf8");
    if (!/^app\s*(:[^=]+)?=/m.test(text)) return [];
    return [{ name: path.split(sep).join("/"), files: needsNeighbours(text) ? asPackage(folder, path) : { "app.py": text } }];
  });
}

const needsNeighbours = (text: string): boolean => /^\s*from \.+\w* import|^\s*from docs_src/m.test(text);

function asPackage(folder: string, path: string): Files {
  const parent = join(folder, path, "..");
  const files: Files = {};
  for (const entry of readdirSync(parent, { recursive: true, encoding: "utf8" })) {
    if (entry.endsWith(".py") && !/(^|[/\\])test_/.test(entry))
      files[`example/${entry.split(sep).join("/")}`] = readFileSync(join(parent, entry), "utf8");
  }
  files["example/__init__.py"] ??= "";
  files["app.py"] = `from example.${relative(parent, join(folder, path)).slice(0, -3)} import app\n`;
  return files;
}

interface OpenApi {
  paths?: Record<string, Record<string, unknown>>;
}

/** One call for each operation of the document: path parameters filled in, an empty JSON body where one is sent. */
export function callsOf(document: unknown): { method: string; path: string; body?: string }[] {
  const calls: { method: string; path: string; body?: string }[] = [];
  for (const [template, operations] of Object.entries((document as OpenApi).paths ?? {})) {
    const path = template.replace(/\{[^}]+\}/g, "1");
    for (const method of Object.keys(operations)) {
      if (method === "get" || method === "delete" || method === "head" || method === "options")
        calls.push({ method: method.toUpperCase(), path });
      else if (["post", "put", "patch"].includes(method)) calls.push({ method: method.toUpperCase(), path, body: "{}" });
    }
  }
  return calls;
}
