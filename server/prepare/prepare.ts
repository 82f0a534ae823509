/** The steps of a preparation, side by side. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { startDatabase, type RunningDatabase } from "#server/storage/embedded/index.ts";
import { prepareBuild } from "./build.ts";
import { findCacheDir } from "./cache.ts";
import { preparePython } from "./python.ts";
import { prepareTypes } from "./python-types.ts";
import type { Steps } from "./steps.ts";

export const stepTitles = { python: "Python packages", database: "Database", build: "Pages", start: "Platform" } as const;
/** Of a process on a cluster: its image carries the rest. */
export const carriedStepTitles = { build: "Pages", start: "Platform" } as const;

export interface PrepareOptions {
  root: string;
  dataDir: string;
  development: boolean;
  steps: Steps;
  log: (line: string) => void;
  signal: AbortSignal;
  /** Told when the pages are built and the database server is on its way, which is the moment to load them. */
  onBuilt: () => void;
  /** Told as soon as the database runs, so that it is stopped whatever else fails. */
  onDatabase: (database: RunningDatabase) => void;
}

/**
 * For a process whose image carries all it needs and may write nowhere: makes sure that the build is there.
 * @throws Error when it is not.
 */
export async function prepareCarried({ root, development, steps }: Pick<PrepareOptions, "root" | "development" | "steps">): Promise<void> {
  await steps.run("build", async (progress) => {
    if (development) return progress({ detail: "built as they are asked for" });
    const path = join(root, "build/server/index.js");
    await access(path).catch((cause: unknown) => {
      throw new Error(
        `${path} is missing: with RUNTIME=kubernetes the platform's image carries the build, and nothing is built at start.`,
        {
          cause,
        },
      );
    });
    progress({ detail: "carried by the image" });
  });
}

/**
 * Runs the steps side by side and leaves `MONGO_URL`, `FP_PYTHON` and `FP_PYTHON_TYPES` in the environment.
 * @throws the first failure, after the other steps were told to stop and have.
 */
export async function prepare(options: PrepareOptions): Promise<void> {
  const { root, dataDir, steps, log } = options;
  const environment = process.env;
  const cacheDir = await findCacheDir(environment, dataDir);
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);

  const python = steps.run("python", async (progress) => {
    const path =
      environment["FP_PYTHON"] ?? (await preparePython({ runnerDir: join(root, "runner"), cacheDir, environment, progress, signal }));
    environment["FP_PYTHON"] = path;
    try {
      environment["FP_PYTHON_TYPES"] ??= await prepareTypes({ python: path, runnerDir: join(root, "runner"), cacheDir, progress, signal });
    } catch (error) {
      signal.throwIfAborted();
      log(`The editor completes without the types of packages: ${(error as Error).message}`);
    }
  });
  const spawned = Promise.withResolvers<void>();
  const database = steps.run("database", async (progress) => {
    const running = await startDatabase({ dataDir, cacheDir, environment, progress, log, signal, onSpawned: spawned.resolve });
    options.onDatabase(running);
    environment["MONGO_URL"] = running.url;
    progress({ detail: running.description });
  });
  const build = steps.run("build", async (progress) => {
    if (options.development) return progress({ detail: "built as they are asked for" });
    progress({ detail: (await prepareBuild({ root, progress, signal })) ? "built" : "unchanged since the last build" });
    // Loading takes most of a second in which nothing else is done here: not before the server has been started.
    await Promise.race([spawned.promise, database]);
    options.onBuilt();
  });

  const all = [python, database, build];
  let first: unknown;
  for (const step of all) {
    step.catch((error: unknown) => {
      first ??= error;
      abort.abort();
    });
  }
  await Promise.allSettled(all);
  options.signal.throwIfAborted();
  if (first) throw first;
}
