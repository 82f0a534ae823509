/**
 * The runtime of one machine: each instance is a sandboxed process that was warm before its app was known.
 *
 * Guarantees: a wake is one flight however many wait for it; a deployment's old instance serves until the new one answers and its
 * version is committed; a request that was counted in is waited for; a runner never serves two apps; nothing outlives `stop`, and
 * what a killed platform left is ended and cleared at the next start. Does not route requests, decide when an app sleeps, or store
 * anything: whatever lies in `dataDir` can be made again.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AppError } from "#core/contract/problem.ts";
import { LoadFailure } from "../load-failure.ts";
import {
  uncounted,
  type InstanceLimits,
  type InstanceSpec,
  type Isolation,
  type Runtime,
  type RuntimeCounts,
  type RuntimeDeployEvent,
  type SpecSource,
} from "../runtime.ts";
import { createLocalApp, type AppStep, type LocalApp } from "./app.ts";
import { openBundles } from "./bundles.ts";
import { createEventHub } from "../events.ts";
import type { MongoTarget } from "../forwarder.ts";
import { closeHost, openHost, type Host } from "./host.ts";
import { checkFiles, launchInstance, type LaunchContext, type OnStage } from "./launch.ts";
import { createPool, type Pool, type PoolStats } from "./pool.ts";
import { createQueue } from "../queue.ts";
import { startRunner, type EgressSockets } from "./runner-process.ts";
import { weighRunner } from "./weigh.ts";

export type { MongoAddress, MongoTarget } from "../forwarder.ts";
export { closeHost, openHost, type Host } from "./host.ts";
export type { EgressSockets } from "./runner-process.ts";
export type { PoolStats } from "./pool.ts";

export interface RuntimeLogger {
  info(message: string): void;
  warn(message: string): void;
}

export interface LocalRuntimeOptions {
  dataDir: string;
  /** The interpreter of the runner's virtual environment. */
  python: string;
  /** The folder that holds `fp_runner`. */
  runnerDir: string;
  /** What `openHost` was asked before, of the same folders; the runtime closes it. Without it `start` opens one. */
  host?: Promise<Host>;
  /** Runners kept warm when nothing is woken; 0 is no pool. */
  warmPool: number;
  /** The most that waiting runners may use together while wakes come fast; 512 MiB. */
  warmPoolMemoryMiB?: number;
  /** How long a burst of wakes keeps the pool large; 30 s. */
  warmPoolHoldMs?: number;
  /** The MongoDB server that apps' databases lie in. */
  mongo: MongoTarget;
  /** The way to the Internet; without it apps have none. */
  egress?: EgressSockets;
  specOf: SpecSource;
  logger: RuntimeLogger;
  /** For the platform's metrics. */
  counts?: RuntimeCounts;
  /** From the claim to an app that answers; 30 s. */
  loadTimeoutMs?: number;
  /** Told of each step of a wake or sleep before the next one is taken. */
  onStep?: (step: AppStep) => void;
  /** Time for requests in flight when an instance is replaced or put to sleep; 30 s. */
  drainGraceMs?: number;
  /** The same when the platform stops; 10 s. */
  stopGraceMs?: number;
}

export interface LocalRuntime extends Runtime {
  /** Bytes between an app and its database since the platform started. */
  databaseBytes(appId: string): { in: number; out: number };
  /** Runners that wait for an app right now. */
  readonly warmRunners: number;
  /** The pool's figures since the start; null before it. */
  poolStats(): PoolStats | null;
}

/** What a checked app may use; it runs for 5 s at most. */
const checkLimits: InstanceLimits = { memoryMiB: 256, cpus: 1, processes: 32, concurrency: 1 };
/** A runner that is not warm by then never will be. */
const warmTimeoutMs = 30_000;
const unknownIsolation: Isolation = { level: "none", limits: "rlimit", detail: "The runtime has not started." };

/** Builds the runtime; `start` looks at the machine and fills the pool. */
export function createLocalRuntime(options: LocalRuntimeOptions): LocalRuntime {
  const events = createEventHub();
  const counts = options.counts ?? uncounted;
  const apps = new Map<string, LocalApp>();
  let host: Host | null = null;
  let pool: Pool | null = null;
  let launch: LaunchContext | null = null;
  let stopping = false;

  const requireLaunch = (): LaunchContext => {
    if (!launch || stopping) throw new AppError("runtime_unavailable", "The platform is starting or stopping", { retryAfterSeconds: 2 });
    return launch;
  };

  const appOf = (appId: string): LocalApp => {
    const known = apps.get(appId);
    if (known) return known;
    const app = createLocalApp(appId, {
      specOf: options.specOf,
      launch: async (spec, signal) => await launchInstance(requireLaunch(), spec, signal),
      publish: events.publish,
      counts,
      drainGraceMs: options.drainGraceMs ?? 30_000,
      onStep: options.onStep,
    });
    apps.set(appId, app);
    return app;
  };

  const start = async () => {
    const opened = await (options.host ?? openHost({ ...options, onZygoteDeath: (message) => stopping || options.logger.warn(message) }));
    host = opened;
    options.logger.info(opened.isolation.detail);
    const made = createPool({
      size: options.warmPool,
      ...(options.warmPoolMemoryMiB === undefined ? {} : { memoryMiB: options.warmPoolMemoryMiB }),
      rules: options.warmPoolHoldMs === undefined ? {} : { holdMs: options.warmPoolHoldMs },
      weigh: (runner) => weighRunner(runner.pid),
      // A start waits for others as long as it works: at 15 wakes a second on two busy cores two at once found 3 of 100 warm, four 83.
      mostStarting: Math.max(4, 2 * availableParallelism()),
      start: (awaited) => startRunner(opened, counts, awaited),
      onFailure: (message) => options.logger.warn(message),
      warmTimeoutMs,
    });
    pool = made;
    launch = {
      pool: made,
      bundles: await openBundles(join(options.dataDir, "bundles")),
      mongo: options.mongo,
      egress: options.egress ?? null,
      readOnlyCode: opened.isolation.level === "sandbox",
      loadTimeoutMs: options.loadTimeoutMs ?? 30_000,
      onLog: (appId, line) => events.publish({ type: "log", appId, line }),
      onException: (appId, record) => events.publish({ type: "exception", appId, record }),
    };
    made.refill();
  };

  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const graceMs = options.stopGraceMs ?? 10_000;
    await Promise.all([
      pool?.close(),
      ...[...apps.values()].map(async (app) => {
        const asleep = app.sleep(true, "shutdown");
        await app.end(graceMs);
        await asleep;
      }),
    ]);
    // One that could not be opened was told of by `start`, and has nothing to close.
    const opened = host ?? (await options.host?.catch(() => undefined));
    if (opened) await closeHost(opened);
  };

  return {
    get isolation() {
      return host?.isolation ?? unknownIsolation;
    },
    get warmRunners() {
      return pool?.idle ?? 0;
    },
    poolStats: () => pool?.stats() ?? null,
    start,
    stop,
    check: async (files, entrypoint, env) => {
      const context = requireLaunch();
      return await checkFiles(context, files, entrypoint, env, (runner) => runner.limit(checkLimits));
    },
    deploy: (spec, commit, signal) => {
      const queue = createQueue<RuntimeDeployEvent>();
      const left = new AbortController();
      const both = AbortSignal.any([signal, left.signal]);
      const work = deployInto(appOf(spec.appId), requireLaunch(), spec, commit, both, queue.push).then(queue.end, queue.fail);
      return queue.read(async () => {
        left.abort(new Error("nobody follows the deployment any more"));
        await work;
      });
    },
    wake: async (appId) => {
      requireLaunch();
      return await appOf(appId).wake();
    },
    sleep: async (appId, { force = false } = {}) => (await apps.get(appId)?.sleep(force, force ? "asked" : "idle")) ?? true,
    remove: async (appId) => {
      await apps.get(appId)?.remove();
      apps.delete(appId);
      await launch?.bundles.removeApp(appId);
    },
    endpoints: (appId) => apps.get(appId)?.endpoints ?? [],
    enter: (appId, instanceId) => apps.get(appId)?.enter(instanceId) ?? null,
    watch: events.watch,
    databaseBytes: (appId) => apps.get(appId)?.databaseBytes() ?? { in: 0, out: 0 },
  };
}

/** One deployment: load beside the old instance, commit, switch. */
async function deployInto(
  app: LocalApp,
  context: LaunchContext,
  spec: InstanceSpec,
  commit: (endpoint: InstanceEndpoint) => Promise<void>,
  signal: AbortSignal,
  tell: (event: RuntimeDeployEvent) => void,
): Promise<void> {
  let stage: Parameters<OnStage>[0] = "checking";
  const onStage: OnStage = (name, status, message) => {
    stage = name;
    tell({ type: "stage", stage: name, status, message });
  };
  let instance;
  try {
    instance = await launchInstance(context, spec, signal, onStage);
  } catch (error) {
    if (error instanceof LoadFailure) {
      tell({ type: "failed", stage, error: error.error });
      return;
    }
    if (signal.aborted || error instanceof AppError) throw error;
    throw new AppError("runtime_unavailable", "No runner could be started on this machine", { cause: error, retryAfterSeconds: 5 });
  }
  try {
    signal.throwIfAborted();
    if (app.removed) throw new AppError("conflict", "The app was deleted while it was being deployed");
    await commit(instance.endpoint);
  } catch (error) {
    await instance.runner.kill();
    throw error;
  }
  if (!app.switchTo(instance)) throw new AppError("conflict", "The app was deleted while it was being deployed");
  tell({ type: "ready", endpoint: instance.endpoint, report: instance.report });
}

type InstanceEndpoint = Extract<RuntimeDeployEvent, { type: "ready" }>["endpoint"];
