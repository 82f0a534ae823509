/** Lock files that survive the kill of their holder: who holds one is written in it, complete from the first moment. */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { identifyProcess, isAlive, type ProcessIdentity } from "#server/storage/embedded/index.ts";

export interface LockHolder extends ProcessIdentity {
  /** Where a platform answers; absent until it listens. */
  url?: string;
}

/** Takes `path` for this process (null), or gives the living process that holds it. A dead holder's lock is taken over. */
export async function takeLockFile(path: string): Promise<LockHolder | null> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, JSON.stringify(identifyProcess(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      if (await linkNew(draft, path)) return null;
      const holder = await readHolder(path);
      if (holder && isAlive(holder)) return holder;
      await moveStaleAway(path, `${draft}.stale`);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Rewrites a lock that this process holds. */
export async function noteInLockFile(path: string, url: string): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify({ ...identifyProcess(process.pid), url } satisfies LockHolder), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Another that found the same dead holder may have taken the lock since: what was moved is looked at, and put back if it lives. */
async function moveStaleAway(path: string, aside: string): Promise<void> {
  await rename(path, aside).catch(ignoreMissing);
  const moved = await readHolder(aside);
  if (moved && isAlive(moved)) await linkNew(aside, path);
  await rm(aside, { force: true });
}

async function readHolder(path: string): Promise<LockHolder | null> {
  return readFile(path, "utf8").then(
    (text) => JSON.parse(text) as LockHolder,
    () => null,
  );
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
