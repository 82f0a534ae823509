/** The user's cache folder, and one lock per thing that is made in it: two checkouts may start at once. */
import { createHash } from "node:crypto";
import { access, constants, mkdir, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { takeLockFile } from "./lock-file.ts";

/** `$XDG_CACHE_HOME/fastapi-platform`, or `~/.cache/fastapi-platform`; under the data folder where that is not writable. */
export async function findCacheDir(environment: NodeJS.ProcessEnv, dataDir: string): Promise<string> {
  const base = environment["XDG_CACHE_HOME"] || join(environment["HOME"] || homedir(), ".cache");
  const wanted = resolve(base, "fastapi-platform");
  try {
    await mkdir(wanted, { recursive: true });
    await access(wanted, constants.W_OK);
    return wanted;
  } catch {
    const fallback = resolve(dataDir, "cache");
    await mkdir(fallback, { recursive: true });
    return fallback;
  }
}

/** Runs `make` while no other process holds `path`; `onWait` is told once when another does. */
export async function withLock<Result>(
  path: string,
  make: () => Promise<Result>,
  onWait: () => void,
  signal: AbortSignal,
): Promise<Result> {
  for (let told = false; await takeLockFile(path); told = true) {
    if (!told) onWait();
    await sleep(200, undefined, { signal });
  }
  try {
    return await make();
  } finally {
    await rm(path, { force: true });
  }
}

/** Short and stable: enough of a SHA-256 to name a folder by what is in it. */
export function shortHash(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\0");
  return hash.digest("hex").slice(0, 16);
}
