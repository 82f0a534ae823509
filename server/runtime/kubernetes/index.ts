/**
 * The runtime of a cluster: an app is a Deployment, its instances are pods, and a wake is a warm pod of the pool that becomes one of
 * them and is given the files over the network.
 *
 * Guarantees: the Deployment is the truth that `kubectl` shows; what is known of the cluster comes from watches, never from a call
 * per request; of several processes that wake an app one does; a pod never serves two apps; a pod gets files and credentials only
 * when it has proved which pod it is. Does not route requests or decide when an app sleeps. What the platform's worker does besides
 * (logs, the pool's size, what drifted, parking) it does in one process at a time, the leader.
 */
import { AppError } from "#core/contract/problem.ts";
import { instanceLimits } from "#core/limits.ts";
import { createEventHub } from "../events.ts";
import { createQueue } from "../queue.ts";
import { LoadFailure } from "../load-failure.ts";
import {
  uncounted,
  type InstanceLimits,
  type InstanceSpec,
  type Isolation,
  type LoadReport,
  type Runtime,
  type RuntimeCounts,
  type RuntimeDeployEvent,
  type SpecSource,
} from "../runtime.ts";
import { createAcceptance } from "./acceptance.ts";
import { createClusterApp, type ClusterApp } from "./app.ts";
import { deployTo } from "./deploy.ts";
import { checkAppId, createLauncher, type Launcher } from "./launch.ts";
import { appPort } from "./names.ts";
import { openCluster, type OpenCluster } from "./open-cluster.ts";
import { createGiver } from "./give.ts";
import { createTurns } from "./turns.ts";
import { startWorker, type ClusterWorker } from "./worker.ts";

export interface RuntimeLogger {
  info(message: string): void;
  warn(message: string): void;
}

export interface KubernetesRuntimeOptions {
  /** Where apps' objects lie; the platform's own namespace is another. */
  namespace: string;
  runnerImage: string;
  imagePullPolicy?: "IfNotPresent" | "Never" | "Always";
  runtimeClass?: string;
  /** The egress role's address, and what an app shows there; null: apps reach neither database nor Internet. */
  door: { address: string; credentialOf(appId: string): string } | null;
  /** Pods kept warm when nothing is woken; 0 is no pool. */
  warmPool: number;
  warmPoolMemoryMiB: number;
  /** Sleeping apps whose objects are kept; those beyond it, the longest asleep first, have none until they wake. */
  parkAfter: number;
  specOf: SpecSource;
  /** Which of these apps have a live version, for the reconciler. */
  findLive(appIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** The time of the instance's last kept line, by the clock of its node. */
  lastLineAt?(appId: string, instanceId: string): Promise<Date | null>;
  logger: RuntimeLogger;
  counts?: RuntimeCounts;
  /** Whether this process may be the one that does what goes on by itself. */
  worker: boolean;
  kubeconfig?: string;
  /** Between two rounds of repairs, 30 s; and after how long a claimed pod without an app is given up, 3 min. */
  repairs?: { everyMs: number; abandonedMs: number };
  /** From a request to an app that answers; 30 s. */
  wakeTimeoutMs?: number;
  /** For the app's import and start-up; 30 s. */
  loadTimeoutMs?: number;
}

export interface KubernetesRuntime extends Runtime {
  readonly warmRunners: number;
  /** Calls to the API server since the start, by verb and resource. */
  apiCalls(): Readonly<Record<string, number>>;
  /** This process does what goes on by itself. */
  readonly leads: boolean;
  /** @throws AppError `runtime_unavailable` until the cluster was seen whole for the first time. */
  requireReady(): void;
}

/** What every app has, so that any of the pool's pods is right for it. */
const poolLimits: InstanceLimits = instanceLimits;
/** Wakes under way in this process. A warm one takes 40 ms; cold ones are bound by what nodes can start. */
const mostWakes = 16;
const checkTimeoutMs = 5_000;

export function createKubernetesRuntime(options: KubernetesRuntimeOptions): KubernetesRuntime {
  const counts = options.counts ?? uncounted;
  const events = createEventHub();
  const apps = new Map<string, ClusterApp>();
  const stopping = new AbortController();
  let cluster: OpenCluster | null = null;
  let launcher: Launcher | null = null;
  let worker: ClusterWorker | null = null;

  const wakes = createTurns(mostWakes);
  const acceptance = createAcceptance(appPort, (pod) => pod.appId !== null && cluster?.nudge(pod.appId));

  const requireOpen = (): { cluster: OpenCluster; launcher: Launcher } => {
    if (!cluster || !launcher || stopping.signal.aborted)
      throw new AppError("runtime_unavailable", "The platform is starting or stopping", { retryAfterSeconds: 2 });
    return { cluster, launcher };
  };

  const appOf = (appId: string): ClusterApp => {
    const known = apps.get(appId);
    if (known) return known;
    const app = createClusterApp(appId, {
      ...requireOpen(),
      acceptance,
      specOf: options.specOf,
      publish: events.publish,
      counts,
      wakes,
      tells: () => worker?.leads ?? false,
      stopped: stopping.signal,
      appPort,
      wakeTimeoutMs: options.wakeTimeoutMs ?? 30_000,
    });
    apps.set(appId, app);
    return app;
  };

  const start = async (): Promise<void> => {
    const opened = await openCluster({ ...options, poolLimits, signal: stopping.signal });
    launcher = createLauncher({
      cluster: opened,
      acceptance,
      give: createGiver({
        poolKey: opened.poolKey,
        credentialOf: options.door?.credentialOf ?? null,
        loadTimeoutMs: options.loadTimeoutMs ?? 30_000,
      }),
      poolLimits,
      runnerImage: options.runnerImage,
      logger: options.logger,
    });
    cluster = opened;
    opened.onChange((appId) => {
      if (appId === null) return;
      const app = appOf(appId);
      app.look();
      if (app.isIdle) apps.delete(appId);
    });
    for (const appId of opened.appIds()) appOf(appId).look();
    if (options.worker)
      worker = startWorker({
        ...options,
        ...{ counts, cluster: opened, publish: events.publish, accepts: acceptance.has, poolLimits, signal: stopping.signal },
      });
    options.logger.info(opened.isolation().detail);
  };

  const check = async (spec: InstanceSpec): Promise<LoadReport> => {
    const open = requireOpen();
    const failed = (error: LoadReport["error"]): LoadReport => ({
      ok: false,
      framework: null,
      factory: false,
      routes: [],
      importMs: 0,
      ...(error ? { error } : {}),
    });
    const { pod } = await open.launcher.obtain(spec, "check", AbortSignal.timeout(30_000), () => {});
    try {
      return await open.launcher.give(pod, spec, "check", AbortSignal.any([stopping.signal, AbortSignal.timeout(checkTimeoutMs * 2)]));
    } catch (error) {
      if (!(error instanceof LoadFailure)) throw error;
      return error.report ? { ...error.report, ok: false, error: error.error } : failed(error.error);
    } finally {
      void open.cluster.deletePod(pod, 0).catch(() => undefined);
    }
  };

  return {
    get isolation(): Isolation {
      return cluster?.isolation() ?? { level: "none", limits: "cgroup", detail: "The runtime has not started." };
    },
    get warmRunners() {
      return launcher?.warmPods ?? 0;
    },
    get leads() {
      return worker?.leads ?? false;
    },
    requireReady: () => void requireOpen(),
    apiCalls: () => cluster?.calls() ?? {},
    start,
    async stop() {
      stopping.abort(new AppError("runtime_unavailable", "The platform is stopping", { retryAfterSeconds: 2 }));
      acceptance.close();
      await worker?.stopped;
      await cluster?.close();
    },
    check: async (files, entrypoint, env) =>
      await check({
        appId: checkAppId(),
        slug: "check",
        version: 0,
        bundleHash: "0".repeat(64),
        readFiles: async () => files,
        entrypoint,
        env,
        sessionKey: "",
        database: null,
        limits: poolLimits,
      }),
    deploy: (spec, commit, signal) => {
      const queue = createQueue<RuntimeDeployEvent>();
      const left = new AbortController();
      const open = requireOpen();
      const context = { ...open, acceptance, appPort, logger: options.logger };
      const work = deployTo(context, spec, commit, AbortSignal.any([signal, left.signal]), (event) => {
        if (event.type === "ready") appOf(spec.appId).look();
        queue.push(event);
      }).then(queue.end, queue.fail);
      return queue.read(async () => {
        left.abort(new Error("nobody follows the deployment any more"));
        await work;
      });
    },
    wake: async (appId) => {
      requireOpen();
      return await appOf(appId).wake();
    },
    sleep: async (appId, { force = false } = {}) => {
      requireOpen();
      return await appOf(appId).sleep(force);
    },
    remove: async (appId) => {
      requireOpen();
      await appOf(appId).remove();
      apps.delete(appId);
    },
    endpoints: (appId) => apps.get(appId)?.endpoints ?? [],
    enter: (appId, instanceId) => apps.get(appId)?.enter(instanceId) ?? null,
    watch: events.watch,
  };
}
