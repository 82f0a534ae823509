/** Builds pages and server when their sources changed since the last build. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { getCompileCacheDir } from "node:module";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Progress } from "#server/storage/embedded/index.ts";
import { withLock } from "./cache.ts";

/** All that the build reads. Contents are compared, not times: a checkout changes the times of what it does not change. */
const sources = [
  "app",
  "server",
  "core",
  "templates",
  "public",
  "runner/packages.json",
  "runner/stubbed.json",
  "scripts/pyright-worker.ts",
  "scripts/vite-plugins.ts",
  "vite.config.ts",
  "react-router.config.ts",
  "tsconfig.json",
  "package.json",
  "package-lock.json",
];

export interface BuildOptions {
  root: string;
  progress: Progress;
  signal: AbortSignal;
  /** The command that builds; React Router's by default. */
  command?: readonly [string, ...string[]];
}

/**
 * Makes `build/` match the sources; true when it had to build. An interrupted build is done anew, because the stamp is written last.
 * @throws Error with the builder's last lines.
 */
export async function prepareBuild({ root, progress, signal, command }: BuildOptions): Promise<boolean> {
  const stampPath = join(root, "build", ".stamp");
  const isCurrent = async (): Promise<boolean> => (await readFile(stampPath, "utf8").catch(() => "")) === (await hashSources(root));
  if (await isCurrent()) return false;
  return withLock(
    join(root, "node_modules", ".fp-build.lock"),
    async () => {
      if (await isCurrent()) return false;
      const stamp = await hashSources(root);
      await rm(stampPath, { force: true });
      progress({ detail: "bundling pages and server" });
      await runBuilder(command ?? [process.execPath, join(root, "node_modules/.bin/react-router"), "build"], root, progress, signal);
      // What Node compiled of earlier builds is of no use any more, and is removed by nobody else.
      const compiled = getCompileCacheDir();
      if (compiled) await clear(compiled);
      await writeFile(stampPath, stamp);
      return true;
    },
    () => progress({ detail: "waiting for another start that is building" }),
    signal,
  );
}

/** Empties a folder that others may be writing to at that moment: what they add stays, and is in nobody's way. */
async function clear(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  await mkdir(folder, { recursive: true });
}

/** SHA-256 over path and content of every source file but tests. */
export async function hashSources(root: string): Promise<string> {
  const paths: string[] = [];
  for (const source of sources) {
    const at = await stat(join(root, source)).catch(() => null);
    if (at?.isFile()) paths.push(source);
    else if (at)
      for (const entry of await readdir(join(root, source), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) paths.push(join(entry.parentPath, entry.name).slice(root.length + 1));
  }
  const hash = createHash("sha256");
  for (const path of paths.filter((candidate) => !/\.test\.tsx?$/.test(candidate)).toSorted()) {
    hash
      .update(`${path}\0`)
      .update(await readFile(join(root, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

async function runBuilder(
  [program, ...rest]: readonly [string, ...string[]],
  root: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(program, rest, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1", FORCE_COLOR: "0" },
  });
  const tail: string[] = [];
  const hear = (line: string): void => {
    tail.push(line);
    if (tail.length > 25) tail.shift();
    const modules = /(\d+) modules transformed/.exec(line);
    if (modules) progress({ detail: `bundled ${modules[1]} modules` });
  };
  createInterface({ input: child.stdout }).on("line", hear);
  createInterface({ input: child.stderr }).on("line", hear);
  const [code] = (await once(child, "close")) as [number | null];
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`Building the pages failed:\n${tail.join("\n")}`);
}
