/** The two Vite plugins of the build. Their own module, so that tests can build with them alone. */
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Plugin } from "vite";

/**
 * Fails the client build when a module under `directory` (with a trailing slash) reaches the browser's module graph.
 * React Router's own guard looks at file names only; a plain `server/` would go out silently.
 */
export function serverOnly(directory: string): Plugin {
  return {
    name: "server-only",
    enforce: "pre",
    applyToEnvironment: (environment) => environment.name === "client",
    load(id) {
      if (id.startsWith(directory)) this.error(`Server-only module in the client graph: ${id.slice(directory.length)}`);
    },
  };
}

const compressible = new Set([".js", ".css", ".wasm", ".json", ".svg", ".ttf", ".txt", ".map"]);

/** Files below this are answered in one packet either way, so a `.br` beside them saves nothing. */
const leastBytes = 1400;

/**
 * Writes a Brotli file beside each larger asset of the client build, which the static handler prefers. Quality 9: Monaco
 * comes out at 0.84 MB in about a second; 11 takes ten times as long for 5 % less.
 */
export function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    applyToEnvironment: (environment) => environment.name === "client",
    async writeBundle(options) {
      if (options.dir === undefined) return;
      const names = await readdir(options.dir, { recursive: true });
      await Promise.all(
        names.filter((name) => compressible.has(extname(name))).map((name) => compressFile(join(options.dir as string, name))),
      );
    },
  };
}

async function compressFile(path: string): Promise<void> {
  if ((await stat(path)).size < leastBytes) return;
  const bytes = await readFile(path);
  const packed = await promisify(brotliCompress)(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  if (packed.length < bytes.length) await writeFile(`${path}.br`, packed);
}
