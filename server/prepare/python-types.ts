/**
 * What the editor's language server knows about packages: the sources and stubs of those that apps import, taken from the runner's
 * environment, as one JSON object `{path: text}` named by its content and compressed once. `node server/prepare/python-types.ts
 * <site-packages> <folder>` makes it for the image, which carries no Python.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Progress } from "#server/storage/embedded/index.ts";
import { shortHash, withLock } from "./cache.ts";

/** Beyond this it is left out as a whole rather than slow down every editor. 13 MB were needed when this was written. */
const mostBytes = 20_000_000;
/** Generated tables: nobody reads them, and the server would parse them. The largest source that people do read has 280 KB. */
const mostFileBytes = 450_000;

/**
 * Packages that are there for others and show in no signature of theirs, and the old interface that pydantic carries along: a third of
 * all text. Whoever imports one of them completes without its types.
 */
const inner = new Set(
  "aiohappyeyeballs certifi charset_normalizer click dns ecdsa h11 httpcore httpcore2 httptools idna iniconfig opentelemetry packaging pluggy pycparser rsa soupsieve truststore urllib3 uvloop watchfiles pydantic/v1".split(
    " ",
  ),
);

/** Which of the files below `site-packages` belong in: sources and stubs, the stub where there are both. Paths with `/`. Pure. */
export function selectSources(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return paths.filter((path) => {
    if (!/\.pyi?$|(^|\/)py\.typed$/.test(path) || /(^|\/)(tests?|testing|_vendor|__pyinstaller|__pycache__)\//.test(path)) return false;
    const [top = "", second = ""] = path.split("/");
    return !inner.has(top) && !inner.has(`${top}/${second}`) && !(path.endsWith(".py") && all.has(`${path}i`));
  });
}

interface Listed {
  packages: { name: string; imports: string[] }[];
}

/**
 * Writes `<hash>.json.br` and `<hash>.json.gz` into `folder`. `listed` is runner/packages.json; packages in `stubbed` are left out,
 * because the language server brings better stubs of them.
 * @throws Error when there is nothing to write, or too much.
 */
export async function packTypes(sitePackages: string, folder: string, listed: Listed, stubbed: readonly string[]): Promise<void> {
  const skipped = new Set(stubbed);
  const modules = listed.packages.filter(({ name }) => !skipped.has(name.toLowerCase())).flatMap(({ imports }) => imports);
  const paths = (await Promise.all(modules.map((module) => filesOf(sitePackages, module)))).flat();
  const texts: Record<string, string> = {};
  let bytes = 0;
  for (const path of selectSources([...new Set(paths)].toSorted())) {
    const text = await readFile(join(sitePackages, path), "utf8");
    if (text.length > mostFileBytes) continue;
    texts[path] = text;
    bytes += text.length;
  }
  if (bytes === 0) throw new Error(`${sitePackages} holds none of the runner's packages`);
  if (bytes > mostBytes) throw new Error(`the sources of the packages are too large (${bytes} bytes)`);
  const json = Buffer.from(JSON.stringify(texts));
  const name = createHash("sha256").update(json).digest("hex").slice(0, 16);
  // Quality 5: 2.2 MB in half a second, where 9 needs four for 8 % less.
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 5,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
  };
  const [br, gz] = await Promise.all([promisify(brotliCompress)(json, { params }), promisify(gzip)(json)]);
  await mkdir(folder, { recursive: true });
  await Promise.all([writeFile(join(folder, `${name}.json.br`), br), writeFile(join(folder, `${name}.json.gz`), gz)]);
}

/** A package's files, or a module's one or two. */
async function filesOf(sitePackages: string, module: string): Promise<string[]> {
  const at = await stat(join(sitePackages, module)).catch(() => null);
  if (at?.isDirectory()) {
    const entries = await readdir(join(sitePackages, module), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(sitePackages.length + 1)
          .replaceAll("\\", "/"),
      );
  }
  const names = [`${module}.pyi`, `${module}.py`];
  const there = await Promise.all(
    names.map((name) =>
      stat(join(sitePackages, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return names.filter((_, index) => there[index]);
}

export interface TypesOptions {
  /** The interpreter of a virtual environment. */
  python: string;
  runnerDir: string;
  cacheDir: string;
  progress: Progress;
  signal: AbortSignal;
}

/**
 * The folder with the archive for this environment: made once, and found again.
 * @throws Error when it cannot be made; the platform then works without.
 */
export async function prepareTypes({ python, runnerDir, cacheDir, progress, signal }: TypesOptions): Promise<string> {
  const sitePackages = await findSitePackages(python);
  const [listed, stubbed, source, { mtimeMs }] = await Promise.all([
    readFile(join(runnerDir, "packages.json"), "utf8"),
    readFile(join(runnerDir, "stubbed.json"), "utf8"),
    readFile(import.meta.filename),
    stat(sitePackages),
  ]);
  // This file too: what it selects may change without the packages.
  const folder = join(cacheDir, `python-types-${shortHash(listed, stubbed, source, sitePackages, String(mtimeMs))}`);
  const isThere = (): Promise<boolean> =>
    stat(folder).then(
      () => true,
      () => false,
    );
  if (await isThere()) return folder;
  return withLock(
    `${folder}.lock`,
    async () => {
      if (await isThere()) return folder;
      progress({ detail: "packing their types for the editor", fraction: 0.95 });
      const temporary = await mkdtemp(`${folder}.`);
      try {
        await packTypes(sitePackages, temporary, JSON.parse(listed) as Listed, JSON.parse(stubbed) as string[]);
        // Whole or not at all: who finds the folder finds both files.
        await rename(temporary, folder);
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
      return folder;
    },
    () => progress({ detail: "waiting for another start that is packing types" }),
    signal,
  );
}

/** @throws Error when `python` is not in a virtual environment. */
async function findSitePackages(python: string): Promise<string> {
  const library = join(dirname(dirname(python)), "lib");
  const versions = await readdir(library).catch(() => []);
  for (const version of versions.filter((name) => /^python3\.\d+$/.test(name))) {
    const folder = join(library, version, "site-packages");
    if ((await stat(folder).catch(() => null))?.isDirectory()) return folder;
  }
  throw new Error(`${python} is in no virtual environment`);
}

if (import.meta.main) {
  const [sitePackages = "", folder = ""] = process.argv.slice(2);
  const runner = join(import.meta.dirname, "../../runner");
  const [listed, stubbed] = await Promise.all(["packages.json", "stubbed.json"].map((name) => readFile(join(runner, name), "utf8")));
  await packTypes(sitePackages, folder, JSON.parse(listed!) as Listed, JSON.parse(stubbed!) as string[]);
}
