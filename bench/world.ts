/** What scenarios share: one database server, the runner's Python, and platforms started on them. Ends all that it started. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareBuild } from "#server/prepare/build.ts";
import { findCacheDir } from "#server/prepare/cache.ts";
import { preparePython } from "#server/prepare/python.ts";
import { startDatabase, type RunningDatabase } from "#server/storage/embedded/index.ts";
import { startPlatform, type TestPlatform } from "../tests/platform.ts";
import { waitFor } from "../tests/wait.ts";

const root = join(import.meta.dirname, "..");

export interface World {
  /** The interpreter that apps run on. */
  readonly python: string;
  /** The administrator's URL of a database beside the platforms' own, for the peer. */
  peerDatabaseUrl(): Promise<string>;
  /** A platform of its own on the shared database server. */
  platform(settings?: Record<string, string>): Promise<TestPlatform>;
  /** The same, with the URL of the database that is the platform's own. */
  platformWithUrl(settings?: Record<string, string>): Promise<{ platform: TestPlatform; url: string }>;
  /** A platform that brings its own database, as `npm start` does. */
  wholePlatform(): Promise<TestPlatform>;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const environment = process.env;
  const signal = new AbortController().signal;
  const progress = ({ detail }: { detail: string }): void => void process.stderr.write(`preparing: ${detail}\n`);
  const cacheDir = await findCacheDir(environment, join(root, ".data"));
  const python = await preparePython({ runnerDir: join(root, "runner"), cacheDir, environment, progress, signal });
  // A platform on a cluster takes the build as it finds it: its image carries one.
  await prepareBuild({ root, progress, signal });
  const dataDir = await mkdtemp(join(tmpdir(), "fp-bench-db-"));
  let database: Promise<RunningDatabase> | undefined;
  const platforms: Promise<TestPlatform>[] = [];
  let turn = 0;
  let closed = false;

  const databaseUrl = async (name: string): Promise<string> => {
    const log = (line: string): void => void process.stderr.write(`${line}\n`);
    const { url } = await (database ??= startDatabase({ dataDir, cacheDir, environment: {}, progress, log, signal }));
    const named = new URL(url);
    named.pathname = `/${name}`;
    named.searchParams.set("authSource", named.searchParams.get("authSource") ?? "admin");
    return named.href;
  };
  const start = (settings: Record<string, string>): Promise<TestPlatform> => {
    // Interrupted: the scenario hears of it here, and nothing is started that nobody ends.
    if (closed) throw new Error("the benchmark was interrupted");
    const platform = startPlatform(settings);
    platforms.push(platform);
    return platform;
  };
  const platformWithUrl: World["platformWithUrl"] = async (settings = {}) => {
    const url = await databaseUrl(`platform_${(turn += 1)}`);
    return { platform: await start({ MONGO_URL: url, ...settings }), url };
  };
  return {
    python,
    peerDatabaseUrl: () => databaseUrl("peer"),
    platformWithUrl,
    platform: async (settings) => (await platformWithUrl(settings)).platform,
    wholePlatform: () => start({ MONGO_URL: "" }),
    async close() {
      closed = true;
      // Also one that is still starting when the run is interrupted.
      await Promise.allSettled(platforms.map(async (platform) => (await platform).stop()));
      await (await database)?.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** How often something is done: `BENCH_SHARE=0.1` makes it a tenth, to try a benchmark out. Results of such a run are not kept. */
export const counted = (times: number): number => Math.max(2, Math.round(times * benchShare));
export const benchShare = Number(process.env["BENCH_SHARE"] ?? 1);

/** Puts an app to sleep and waits until it is. */
export async function putToSleep(platform: TestPlatform, token: string, appId: string): Promise<void> {
  await platform.api(token, "POST", `/api/apps/${appId}/sleep`);
  await waitFor("the app sleeps", async () => (await platform.api(token, "GET", `/api/apps/${appId}`))["status"] === "sleeping");
}
