/**
 * The Python language server as the browser gets it: the worker of browser-basedpyright without the stubs of packages that no app can
 * import (10 of its 17 MB), behind a few lines of our own (app/routes/editor/language/worker-prelude.js).
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

/** The module that exports the address of the worker's file. */
const moduleId = "virtual:pyright-worker-url";
/** Vite serves it under this name in development. */
const developmentUrl = "/@pyright.worker.js";

export interface SlimWorker {
  source: string;
  /** How many files of typeshed were left out, and stayed. */
  cut: number;
  kept: number;
}

/** Where the worker holds typeshed: a module that is one object of nothing but strings. */
const openings = "{e.exports={";
const firstKey = '"/typeshed/';

/**
 * Leaves out `/typeshed/stubs/<name>/` for every name but `keep`; the standard library stays whole. What is left is in `fpTypeshed`
 * too, where the prelude finds the text of a file.
 * @throws Error when the worker is not built as expected (a new version), rather than giving one that may not work.
 */
export function slimWorker(source: string, keep: ReadonlySet<string>): SlimWorker {
  const opening = openings + firstKey;
  const start = source.indexOf(opening);
  if (start === -1 || source.includes(opening, start + 1)) throw new Error("browser-basedpyright: typeshed is not where it was.");
  let at = start + openings.length;
  const left: string[] = [];
  const found = new Set<string>();
  let cut = 0;
  for (;;) {
    const keyEnd = endOfString(source, at);
    if (source[keyEnd] !== ":") throw unexpected(source, keyEnd);
    const end = endOfString(source, keyEnd + 1);
    const name = /^\/typeshed\/stubs\/([^/]+)\//.exec(source.slice(at + 1, keyEnd - 1))?.[1];
    if (name !== undefined && keep.has(toName(name))) found.add(toName(name));
    if (name !== undefined && !keep.has(toName(name))) cut += 1;
    else left.push(source.slice(at, end));
    at = end + 1;
    if (source[end] === "}") break;
    if (source[end] !== ",") throw unexpected(source, end);
  }
  const missing = [...keep].filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`browser-basedpyright: no stubs of ${missing.join(", ")}.`);
  const rest = source.slice(at - 1).replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  return { source: `${source.slice(0, start)}{e.exports=self.fpTypeshed={${left.join(",")}${rest}`, cut, kept: left.length };
}

/** The index after the string literal that begins at `at`. */
function endOfString(source: string, at: number): number {
  const quote = source[at];
  if (quote !== '"' && quote !== "'") throw unexpected(source, at);
  let end = at + 1;
  while (end < source.length && source[end] !== quote) end += source[end] === "\\" ? 2 : 1;
  return end + 1;
}

const unexpected = (source: string, at: number): Error =>
  new Error(`browser-basedpyright: typeshed is no plain object of strings any more, at ${at}: ${source.slice(at, at + 40)}`);

/** Names of distributions, as PyPI compares them. */
const toName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

/** What a new version has to be looked at for: the stubs that were cut and what stayed, when this was written. */
const expected = { leastCut: 4_000, leastKept: 900 };

/** The worker of this checkout: prelude and slimmed server, as one classic script. @throws Error like `slimWorker`. */
export async function buildWorker(root: string): Promise<string> {
  const [source, prelude, stubbed] = await Promise.all([
    readFile(join(root, "node_modules/browser-basedpyright/dist/pyright.worker.js"), "utf8"),
    readFile(join(root, "app/routes/editor/language/worker-prelude.js"), "utf8"),
    readFile(join(root, "runner/stubbed.json"), "utf8"),
  ]);
  const slim = slimWorker(source, new Set(JSON.parse(stubbed) as string[]));
  if (slim.cut < expected.leastCut || slim.kept < expected.leastKept)
    throw new Error(`browser-basedpyright: ${slim.cut} stubs cut and ${slim.kept} files kept; see scripts/pyright-worker.ts.`);
  return `${prelude}\n${slim.source}`;
}

/** Gives `virtual:pyright-worker-url`: a hashed asset in the build, made on request in development. */
export function pyrightWorker(root: string): Plugin {
  let development = false;
  return {
    name: "pyright-worker",
    configResolved: (config) => void (development = config.command === "serve"),
    resolveId: (id) => (id === moduleId ? `\0${moduleId}` : undefined),
    async load(id) {
      if (id !== `\0${moduleId}`) return undefined;
      if (development || this.environment.name !== "client") return `export default ${JSON.stringify(developmentUrl)};`;
      const file = this.emitFile({ type: "asset", name: "pyright.worker.js", source: await buildWorker(root) });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
    configureServer(server) {
      server.middlewares.use(developmentUrl, (_request, response) => {
        buildWorker(root).then(
          (source) => response.setHeader("content-type", "text/javascript; charset=utf-8").end(source),
          (error: unknown) => response.writeHead(500, { "content-type": "text/plain" }).end(String(error)),
        );
      });
    },
  };
}
