/**
 * Before any test: the Python environment of the runner, and one database server for all files.
 * Tests find them in `FP_PYTHON` and `FP_TEST_MONGO_URL` (an administrator's URL); `createTestDatabase` of tests/database.ts
 * gives each file names of its own. Both variables can be set from outside instead.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCacheDir } from "#server/prepare/cache.ts";
import { preparePython } from "#server/prepare/python.ts";
import { startDatabase } from "#server/storage/embedded/index.ts";

const root = join(import.meta.dirname, "..");

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const environment = process.env;
  const signal = new AbortController().signal;
  const cacheDir = await findCacheDir(environment, join(root, ".data"));
  const tell = ({ detail }: { detail: string }) => process.stderr.write(`preparing tests: ${detail}\n`);
  const runnerDir = join(root, "runner");
  // A checkout of the core alone has nothing to prepare for the runner.
  if (!environment["FP_PYTHON"] && (await stat(join(runnerDir, "requirements.lock")).catch(() => null))) {
    environment["FP_PYTHON"] = await preparePython({ runnerDir, cacheDir, environment, progress: tell, signal });
  }
  if (environment["FP_TEST_MONGO_URL"]) return undefined;
  const dataDir = await mkdtemp(join(tmpdir(), "fp-test-db-"));
  const database = await startDatabase({
    dataDir,
    cacheDir,
    environment,
    progress: tell,
    log: (line) => process.stderr.write(`${line}\n`),
    signal,
  });
  environment["FP_TEST_MONGO_URL"] = database.url;
  return async () => {
    delete environment["FP_TEST_MONGO_URL"];
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
