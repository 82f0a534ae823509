/** Builds the embedded server into the user's cache, once per machine and version. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { findOnPath, secantusBinary } from "./find.ts";
import { secantusVersion } from "./server-kinds.ts";
import type { Progress } from "./index.ts";

/** What the build needs and Debian's names for it; its Rust is too old for the server's edition of the language. */
const tools = [
  { command: "cargo", packages: "cargo" },
  { command: "cmake", packages: "cmake" },
  { command: "cc", packages: "build-essential" },
] as const;

/** What cargo compiles for the pinned version: the end of the progress bar. */
const crates = 210;

/**
 * Builds secantusd-rs and gives its path. Kept downloads and the build folder in the cache carry an interrupted build on.
 * @throws Error that lists the ways to have a database when the tools for this one are missing.
 */
export async function buildServer(
  cacheDir: string,
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const missing: string[] = [];
  for (const tool of tools) if (!(await findOnPath(tool.command, environment))) missing.push(tool.packages);
  if (missing.length > 0) throw new Error(waysToHaveADatabase(missing));

  const binary = secantusBinary(cacheDir);
  const root = dirname(dirname(binary));
  const partial = `${root}.partial`;
  await mkdir(cacheDir, { recursive: true });
  const child = spawn(
    "cargo",
    ["install", "--locked", "secantus-mdb", "--version", secantusVersion, "--ignore-rust-version", "--force", "--root", partial],
    {
      stdio: ["ignore", "ignore", "pipe"],
      signal,
      env: {
        ...environment,
        CARGO_TARGET_DIR: join(cacheDir, `secantusd-rs-${secantusVersion}.build`),
        CARGO_TERM_COLOR: "never",
        // A little slower to run, half as long to build: 5 minutes on two cores instead of 8.
        CARGO_PROFILE_RELEASE_OPT_LEVEL: "1",
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "64",
        CARGO_PROFILE_RELEASE_LTO: "off",
      },
    },
  );
  const tail: string[] = [];
  let compiled = 0;
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > 12) tail.shift();
    if (/^\s*Compiling /.test(line)) {
      compiled += 1;
      progress({ detail: `building the embedded server: ${line.trim()}`, fraction: Math.min(0.98, compiled / crates) });
    } else if (/^\s*(Downloading|Downloaded|Updating)/.test(line)) progress({ detail: `building the embedded server: ${line.trim()}` });
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`Building the embedded database server failed:\n${tail.join("\n")}\n\n${waysToHaveADatabase([])}`);
  await rm(root, { recursive: true, force: true });
  await rename(partial, root);
  await rm(join(cacheDir, `secantusd-rs-${secantusVersion}.build`), { recursive: true, force: true });
  return binary;
}

/** The error when no way is open; `missing` are the system packages that the last one lacks. */
export function waysToHaveADatabase(missing: readonly string[]): string {
  return [
    "There is no database server to run. Any of these gives one:",
    "  1. MONGO_URL=mongodb://user:password@host/ for a MongoDB of yours (6.0 or newer)",
    "  2. MongoDB Community Server on this machine: mongod on PATH, or MONGOD=/path/to/mongod",
    "  3. the Internet: MongoDB's own server is then downloaded by itself",
    `  4. the embedded server, built once from source${missing.length > 0 ? `; missing here: ${missing.map((tool) => (tool === "cargo" ? "Rust (https://rustup.rs)" : `apt-get install -y ${tool}`)).join(", ")}` : ""}`,
  ].join("\n");
}
