/** The platform's database for a command, whether the platform runs or not. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "#server/config.ts";
import { findCacheDir } from "#server/prepare/cache.ts";
import { takeLockFile } from "#server/prepare/lock-file.ts";
import { findRunningDatabase, startDatabase } from "#server/storage/embedded/index.ts";
import { connectStorage, type Storage } from "#server/storage/index.ts";

/** A platform that starts at this moment has its database up within a tenth of a second; a slow disk gets longer. */
const patienceMs = 10_000;

/**
 * Runs `use` on the platform's database: that of `MONGO_URL`, else the running platform's, else its files with a server
 * started for as long as this takes. No platform starts on the same folder meanwhile.
 * @throws Error in plain words when there is no database to be had.
 */
export async function withStorage<Result>(config: Config, use: (storage: Storage) => Promise<Result>): Promise<Result> {
  if (config.mongoUrl) return withConnection(config.mongoUrl, use);
  const lockPath = join(config.dataDir, "platform.lock");
  if (await takeLockFile(lockPath)) return withConnection(await waitForRunning(config.dataDir), use);
  try {
    const database = await startDatabase({
      dataDir: config.dataDir,
      cacheDir: await findCacheDir(process.env, config.dataDir),
      environment: process.env,
      progress: () => undefined,
      log: (line) => process.stderr.write(`${line}\n`),
      signal: new AbortController().signal,
    });
    try {
      return await withConnection(database.url, use);
    } finally {
      await database.stop();
    }
  } finally {
    await rm(lockPath, { force: true });
  }
}

async function withConnection<Result>(url: string, use: (storage: Storage) => Promise<Result>): Promise<Result> {
  const storage = await connectStorage(url);
  try {
    return await use(storage);
  } finally {
    await storage.close();
  }
}

async function waitForRunning(dataDir: string): Promise<string> {
  for (const until = Date.now() + patienceMs; Date.now() < until; await sleep(100)) {
    const url = await findRunningDatabase(dataDir);
    if (url) return url;
  }
  throw new Error(
    "A platform runs on this data folder, but not a database of its own. If it was started with MONGO_URL, set the same here; if it is still preparing, try again when it is ready.",
  );
}
