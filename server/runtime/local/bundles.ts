/**
 * Files of versions on this machine's disk, so that a wake needs no database read of them. A cache: all of it can be made again.
 * One folder per app, so that removing an app removes its code.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, sep } from "node:path";
import type { FileContent, Files } from "#core/contract/files.ts";

/** Versions kept per app: as many as can be rolled back to. */
const keptPerApp = 10;

export interface Bundles {
  /** Makes sure that the files lie on disk; returns their folder. */
  ensure(appId: string, hash: string, readFiles: () => Promise<Files>): Promise<string>;
  removeApp(appId: string): Promise<void>;
}

/** Opens the cache in `folder`. `move` hands a folder its final name; a half-written one is never seen under it. */
export async function openBundles(folder: string): Promise<Bundles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await forgetAfterReboot(folder);
  const writing = new Map<string, Promise<string>>();
  const ensure = async (appId: string, hash: string, readFiles: () => Promise<Files>) => {
    const home = join(folder, requireName(appId));
    const path = join(home, requireName(hash));
    if (existsSync(path)) {
      const now = new Date();
      // For `prune` of a later deployment: no wake waits for it.
      utimes(path, now, now).catch(() => {});
      return path;
    }
    const draft = join(home, `.${randomBytes(6).toString("hex")}`);
    try {
      await writeBundle(draft, await readFiles());
      renameSync(draft, path);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      // Two at once write the same content: the first one's folder is as good.
      if (!existsSync(path)) throw error;
    }
    // Nobody waits for it; what it leaves, the next one finds.
    prune(home).catch(() => {});
    return path;
  };
  return {
    ensure: (appId, hash, readFiles) => {
      const key = `${appId}/${hash}`;
      const running = writing.get(key);
      if (running) return running;
      const promise = ensure(appId, hash, readFiles).finally(() => writing.delete(key));
      writing.set(key, promise);
      return promise;
    },
    removeApp: (appId) => rm(join(folder, requireName(appId)), { recursive: true, force: true }),
  };
}

/**
 * Writes files under `folder`, which is made. Paths were checked where they came in; here a bad one is a bug. At once, as
 * `placeBundle`: half a megabyte at most, and each of the four rounds through the thread pool took ms on a busy machine.
 */
export async function writeBundle(folder: string, files: Files): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files) as [string, FileContent][]) {
    const clean = normalize(path);
    if (isAbsolute(path) || clean !== path || clean.split(sep).includes("..") || path.includes("\0")) {
      throw new Error(`a bundle holds the path ${JSON.stringify(path)}`);
    }
    const file = join(folder, clean);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? Buffer.from(content, "utf8") : Buffer.from(content.base64, "base64"));
    // Whatever the umask: the runner reads it as another user.
    chmodSync(file, 0o444);
  }
}

/**
 * Puts a bundle's files into an instance's folder: by hard link where nobody can write through it (a read-only mount), else
 * by copy, so that an app cannot change what its next instance loads. At once rather than through the thread pool: a few links
 * take a tenth of a millisecond, and each round through the pool as long, or many times that when the machine is busy.
 */
export function placeBundle(bundle: string, folder: string, how: "link" | "copy"): void {
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(bundle, { withFileTypes: true })) {
    const from = join(bundle, entry.name);
    const to = join(folder, entry.name);
    if (entry.isDirectory()) placeBundle(from, to, how);
    else if (how === "copy" || !tryLink(from, to)) copyFileSync(from, to);
  }
}

/** Not across file systems, and not beyond a file's number of links. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Files of a folder are not synced one by one: after a power cut or kernel crash some may be empty, so all are made again. */
async function forgetAfterReboot(folder: string): Promise<void> {
  const mark = join(folder, ".boot");
  const bootId = readIfThere("/proc/sys/kernel/random/boot_id");
  if (readIfThere(mark) === bootId) return;
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  await writeFile(mark, bootId);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function prune(home: string): Promise<void> {
  const names = (await readdir(home)).filter((name) => !name.startsWith("."));
  if (names.length <= keptPerApp) return;
  const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(home, name))).mtimeMs })));
  aged.sort((left, right) => right.at - left.at);
  for (const { name } of aged.slice(keptPerApp)) await rm(join(home, name), { recursive: true, force: true });
}

/** Ids and hashes become folder names: anything else is a bug, and never a path. */
function requireName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(name)) throw new Error(`not an id: ${JSON.stringify(name)}`);
  return name;
}
