/**
 * `node scripts/complete-lock.ts`, after `npm install`: where a registry lacks some platforms' builds, npm leaves them out of
 * package-lock.json, and `npm ci` then refuses the file. This adds what is missing, so that the lock file serves every platform.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface LockEntry {
  version?: string;
  dev?: boolean;
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

/** The entries that the lock file lacks, by path. Pure. */
export function missingEntries(packages: Readonly<Record<string, LockEntry>>): Record<string, LockEntry> {
  const missing: Record<string, LockEntry> = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of path === "" ? [] : Object.entries(entry.optionalDependencies ?? {})) {
      const own = `node_modules/${name}`;
      if (!packages[own] && !packages[`${path}/${own}`])
        missing[own] = { version, ...platformOf(name), ...(entry.dev ? { dev: true } : {}), optional: true };
    }
  }
  return missing;
}

/** Such packages are named by system, processor and C library: `@oxfmt/binding-linux-arm64-musl`. */
function platformOf(name: string): { cpu: string[]; os?: string[]; libc?: string[] } {
  const [system = "", processor = "", library = ""] = name
    .replace(/^.*\//, "")
    .replace(/^(binding|oxide)-/, "")
    .split("-");
  if (system === "wasm32") return { cpu: ["wasm32"] };
  const libc = system !== "linux" || !library ? [] : [library.startsWith("musl") ? "musl" : "glibc"];
  return { cpu: [processor], os: [system], ...(libc.length > 0 ? { libc } : {}) };
}

if (import.meta.main) {
  const path = join(import.meta.dirname, "../package-lock.json");
  const lock = JSON.parse(await readFile(path, "utf8")) as { packages: Record<string, LockEntry> };
  const { "": root, ...rest } = { ...lock.packages, ...missingEntries(lock.packages) };
  lock.packages = { "": root!, ...Object.fromEntries(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))) };
  await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
}
