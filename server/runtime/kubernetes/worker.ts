/**
 * What goes on by itself on the cluster, in one process of the platform at a time: apps' logs, the pool's size, what drifted, parking,
 * and the daily proof that NetworkPolicies hold. Every task may be cut off at any line and begun again elsewhere.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceLimits, RuntimeCounts, RuntimeEvent, SpecSource } from "../runtime.ts";
import { keepReleased } from "./gates.ts";
import { keepPool } from "./keep-pool.ts";
import { createLogFollower } from "./logs.ts";
import { createAges, type Ages } from "./ages.ts";
import { findUnseen, planRepairs, type Repair } from "./repairs.ts";
import type { PodView } from "./app-view.ts";
import type { OpenCluster } from "./open-cluster.ts";

export interface ClusterWorkerOptions {
  cluster: OpenCluster;
  warmPool: number;
  warmPoolMemoryMiB: number;
  parkAfter: number;
  poolLimits: InstanceLimits;
  specOf: SpecSource;
  findLive(appIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether the pod was seen to accept connections. */
  accepts(pod: PodView): boolean;
  /** Between two rounds of repairs, 30 s; and after how long a claimed pod without an app is given up, 3 min. */
  repairs?: { everyMs: number; abandonedMs: number } | undefined;
  lastLineAt?(appId: string, instanceId: string): Promise<Date | null>;
  publish(event: RuntimeEvent): void;
  counts: RuntimeCounts;
  logger: { info(message: string): void; warn(message: string): void };
  signal: AbortSignal;
}

export interface ClusterWorker {
  readonly leads: boolean;
  /** Resolves when nothing of it goes on any more. */
  readonly stopped: Promise<void>;
}

/** Apps whose pods are replaced at a time, however few there are. */
const leastRolling = 8;
const repairEveryMs = 30_000;
const probeEveryMs = 24 * 60 * 60_000;
/** A probe that could not be made says nothing, and until it does only administrators deploy: it is made again soon, then less often. */
const firstProbeAgainMs = 15_000;
const longestProbeAgainMs = 5 * 60_000;

/** Stands for leadership until `signal` aborts. */
export function startWorker(options: ClusterWorkerOptions): ClusterWorker {
  let leads = false;
  const lead = async (signal: AbortSignal): Promise<void> => {
    leads = true;
    options.logger.info("This process does the cluster's work that goes on by itself");
    try {
      const ends = [followLogs(options, signal), keepPool(options, signal), keepReleased(options, signal)];
      const ages = createAges();
      const round = (): Promise<void> => repair(options, ages);
      const everyMs = options.repairs?.everyMs ?? repairEveryMs;
      await Promise.all([repeat("repairing the cluster", everyMs, round, options, signal), prove(options, signal)]);
      for (const end of ends) end();
    } finally {
      leads = false;
    }
  };
  const stopped = options.cluster.lead(lead, options.signal);
  return {
    get leads() {
      return leads;
    },
    stopped,
  };
}

async function repeat(
  what: string,
  everyMs: number,
  task: () => Promise<void>,
  { logger }: ClusterWorkerOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await task().catch((error: Error) => signal.aborted || logger.warn(`A round of ${what} failed: ${error.message}`));
    await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function followLogs(options: ClusterWorkerOptions, signal: AbortSignal): () => void {
  const { cluster } = options;
  const follower = createLogFollower({
    read: cluster.readLog,
    find: ({ appId, uid }) => (appId === null ? undefined : cluster.view(appId).pods.find((pod) => pod.uid === uid)) ?? null,
    publish: options.publish,
    counts: options.counts,
    lastLineAt: options.lastLineAt ?? (() => Promise.resolve(null)),
    logger: options.logger,
  });
  const follow = (appId: string): void => follower.follow(cluster.view(appId).pods);
  for (const appId of cluster.appIds()) follow(appId);
  const end = cluster.onChange((appId) => appId !== null && follow(appId));
  const stop = (): void => {
    end();
    follower.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  return stop;
}

async function repair(options: ClusterWorkerOptions, ages: Ages): Promise<void> {
  const { cluster, logger, parkAfter, accepts } = options;
  const [deployments, pods] = [[...cluster.deployments()], [...cluster.pods()]];
  const ageMs = ages.look(pods, performance.now());
  const unseen = [...findUnseen({ deployments, pods })];
  const live = await options.findLive([...deployments.map(({ appId }) => appId), ...unseen]);
  const plan = planRepairs({ deployments, pods, live, ageMs, accepts, parkAfter, abandonedMs: options.repairs?.abandonedMs });
  const steps = [...plan, ...unseen.map((appId): Repair => ({ do: live.has(appId) ? "apply" : "remove", appId }))];
  const room = countRoom(cluster, steps);
  let rolled = 0;
  for (const step of steps) {
    if (options.signal.aborted) return;
    if (step.do === "apply" && rolled >= room) continue;
    await mend(options, step).then(
      (changed) => (rolled += changed ? 1 : 0),
      (error: Error) => logger.warn(`${step.do} of ${nameOf(step)} failed: ${error.message}`),
    );
  }
}

/** A new image of the runner, say, is a new pod for every app that is awake: a tenth of them at a time, so that nodes have room for both. */
function countRoom(cluster: OpenCluster, steps: readonly Repair[]): number {
  const awake = steps.filter((step) => step.do === "apply");
  const rolling = awake.filter(({ appId }) => cluster.view(appId).replicaSets.filter(({ replicas }) => replicas > 0).length > 1);
  return Math.max(leastRolling, Math.ceil(awake.length / 10)) - rolling.length;
}

/** True when an app's pods are replaced by it. */
async function mend({ cluster, specOf, logger }: ClusterWorkerOptions, step: Repair): Promise<boolean> {
  switch (step.do) {
    case "remove":
      logger.info(`The app ${step.appId} has nothing live: what the cluster kept of it is removed`);
      await cluster.removeApp(step.appId);
      return false;
    case "park":
      await cluster.park(step.appId);
      return false;
    case "deletePod":
      logger.info(`The pod ${step.pod.name} is ${step.why} and is deleted`);
      await cluster.deletePod(step.pod, 1);
      return false;
    case "apply": {
      const spec = await specOf(step.appId);
      const deployment = cluster.view(step.appId).deployment;
      if (!spec || deployment?.replicas === 0) return false;
      const owner = deployment ?? (await cluster.createDeployment(spec, 1));
      if (owner === null) return false;
      await cluster.writeFiles(spec, owner);
      // Whoever put it to sleep since it was read has the last word, and the next round looks again.
      const repaired = await cluster.repairDeployment(spec, owner);
      if (repaired === null) return false;
      await cluster.dropFiles(step.appId);
      // What is as it should be keeps its version.
      return repaired.resourceVersion !== owner.resourceVersion;
    }
  }
}

const nameOf = (step: Repair): string => ("appId" in step ? step.appId : step.pod.name);

/** Policies that a network plugin ignores protect nobody: tried with real pods, at the start of each lead and daily. */
async function prove({ cluster, logger }: ClusterWorkerOptions, signal: AbortSignal): Promise<void> {
  for (let againMs = firstProbeAgainMs; !signal.aborted; againMs = Math.min(longestProbeAgainMs, againMs * 2)) {
    const proven = await cluster.provePolicies(signal).then(
      () => true,
      (error: Error) => {
        if (!signal.aborted) logger.warn(`Whether NetworkPolicies hold could not be tried: ${error.message}`);
        return false;
      },
    );
    await delay(proven ? probeEveryMs : againMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
