/**
 * The pool's Deployment follows the pace of wakes, by the leader's hand; its ReplicaSet makes and ends the pods, and the leader lets them
 * start: a start is a second of a node's CPU, which the wake that claimed a pod is in need of just then.
 */
import type { InstanceLimits } from "../runtime.ts";
import { createWarmPoolPolicy, type WarmPoolPolicy } from "../warm-pool.ts";
import type { PodView } from "./app-view.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { createPoolReader, type PoolReading } from "./read-pool.ts";

export interface KeepPoolOptions {
  cluster: Pick<OpenCluster, "pods" | "isolation" | "applyPool" | "release" | "onChange">;
  warmPool: number;
  warmPoolMemoryMiB: number;
  poolLimits: InstanceLimits;
  logger: { warn(message: string): void };
}

/** A size that could not be written, or a pod that could not be let start, is tried again. */
const againMs = 5_000;
const longestPauseMs = 60_000;
/** A node with few cores still serves while so many pods start on it. */
const startsPerNode = 4;

/** Keeps the pool until `signal` aborts, or what it returns is called. Where policies are not proved there is none. */
export function keepPool(options: KeepPoolOptions, signal: AbortSignal): () => void {
  const { cluster, logger } = options;
  const policy = createPolicy(options);
  const read = createPoolReader(cluster, policy);
  const releasing = new Set<string>();
  let wanted = 0;
  let replicas = -1;
  let timer: NodeJS.Timeout | undefined;
  let writing = false;
  let waking = 0;
  const lookIn = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(ms, longestPauseMs)).unref();
  };
  const look = (): void => {
    if (signal.aborted) return;
    const now = performance.now();
    const reading = read(now);
    waking = reading.waking;
    const starting = reading.starting + releasing.size;
    const plan = policy.plan(now, { idle: reading.idle, starting, waiting: 0, freeBytes: Number.MAX_SAFE_INTEGER });
    if (plan.againInMs === null) clearTimeout(timer);
    else lookIn(plan.againInMs);
    wanted = cluster.isolation().level === "sandbox" ? plan.wanted : 0;
    void write();
    const gated = reading.gated.filter(({ uid }) => !releasing.has(uid));
    for (const pod of gated.slice(0, countDue(reading, { gated: gated.length, starting, planned: plan.start, replicas })))
      void release(pod);
  };
  const write = async (): Promise<void> => {
    if (writing || wanted === replicas || signal.aborted) return;
    writing = true;
    const now = wanted;
    try {
      await cluster.applyPool(now);
      replicas = now;
    } catch (error) {
      logger.warn(`The pool of warm pods could not be set to ${now}: ${(error as Error).message}`);
      lookIn(againMs);
    } finally {
      writing = false;
    }
    // What was wanted meanwhile.
    if (replicas === now) await write();
  };
  const release = async (pod: PodView): Promise<void> => {
    releasing.add(pod.uid);
    // One that has changed meanwhile is looked at again when the cluster's word of it comes.
    await cluster.release(pod).catch((error: Error) => {
      logger.warn(`The warm pod ${pod.name} could not be let start: ${error.message}`);
      lookIn(againMs);
    });
    releasing.delete(pod.uid);
  };
  look();
  const end = cluster.onChange((appId) => (appId === null || waking > 0) && look());
  const stop = (): void => {
    end();
    clearTimeout(timer);
  };
  signal.addEventListener("abort", stop, { once: true });
  return stop;
}

/** How many gated pods may start now. A rollout of the pool waits for one that is more than the pool's size, and no wake holds that back. */
function countDue(
  { idle, nodes }: PoolReading,
  { gated, starting, planned, replicas }: { gated: number; starting: number; planned: number; replicas: number },
): number {
  const isRollingOut = replicas >= 0 && starting === 0 && idle.length + gated > replicas;
  const room = startsPerNode * Math.max(1, nodes) - starting;
  return Math.max(0, Math.min(room, Math.max(planned, isRollingOut ? 1 : 0)));
}

function createPolicy({ warmPool, warmPoolMemoryMiB, poolLimits }: KeepPoolOptions): WarmPoolPolicy {
  const most = Math.max(warmPool, 50);
  return createWarmPoolPolicy({
    least: warmPool,
    most,
    // The nodes bound it.
    mostStarting: most,
    memoryBytes: warmPoolMemoryMiB * 1_048_576,
    // What a node has free is the scheduler's affair; the namespace's quota bounds all pods together.
    memoryShare: 1,
    runnerBytes: (poolLimits.memoryMiB / 4) * 1_048_576,
    holdMs: 30_000,
    // A wake is over for the leader when its pod has joined its ReplicaSet.
    restMs: 300,
    longestRestMs: 3_000,
    oldestMs: Number.POSITIVE_INFINITY,
    leakBytes: Number.POSITIVE_INFINITY,
  });
}
