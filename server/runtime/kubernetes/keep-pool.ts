/** The pool's Deployment follows the pace of wakes, by the leader's hand; its ReplicaSet starts and ends the pods. */
import type { InstanceLimits } from "../runtime.ts";
import { createWarmPoolPolicy, type IdleRunner, type WarmPoolPolicy } from "../warm-pool.ts";
import type { OpenCluster } from "./open-cluster.ts";

export interface KeepPoolOptions {
  cluster: Pick<OpenCluster, "pods" | "isClaimed" | "isolation" | "applyPool" | "onChange">;
  warmPool: number;
  warmPoolMemoryMiB: number;
  poolLimits: InstanceLimits;
  logger: { warn(message: string): void };
}

/** A size that could not be written is tried again. */
const againMs = 5_000;
const longestRestMs = 60_000;

/** Keeps the pool until `signal` aborts, or what it returns is called. Where policies are not proved there is none. */
export function keepPool(options: KeepPoolOptions, signal: AbortSignal): () => void {
  const { cluster, logger } = options;
  const policy = createPolicy(options);
  const readIdle = createReader(cluster, policy);
  let wanted = 0;
  let replicas = -1;
  let timer: NodeJS.Timeout | undefined;
  let writing = false;
  const look = (): void => {
    const now = performance.now();
    const plan = policy.plan(now, { idle: readIdle(now), starting: 0, waiting: 0, freeBytes: Number.MAX_SAFE_INTEGER });
    clearTimeout(timer);
    if (plan.againInMs !== null && Number.isFinite(plan.againInMs))
      timer = setTimeout(look, Math.min(plan.againInMs, longestRestMs)).unref();
    wanted = cluster.isolation().level === "sandbox" ? plan.wanted : 0;
    void write();
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
      clearTimeout(timer);
      timer = setTimeout(look, againMs).unref();
    } finally {
      writing = false;
    }
    // What was wanted meanwhile.
    if (replicas === now) await write();
  };
  look();
  const end = cluster.onChange((appId) => appId === null && look());
  const stop = (): void => {
    end();
    clearTimeout(timer);
  };
  signal.addEventListener("abort", stop, { once: true });
  return stop;
}

function createPolicy({ warmPool, warmPoolMemoryMiB, poolLimits }: KeepPoolOptions): WarmPoolPolicy {
  return createWarmPoolPolicy({
    least: warmPool,
    most: Math.max(warmPool, 50),
    mostStarting: 8,
    memoryBytes: warmPoolMemoryMiB * 1_048_576,
    // What a node has free is the scheduler's affair; the namespace's quota bounds all pods together.
    memoryShare: 1,
    runnerBytes: (poolLimits.memoryMiB / 4) * 1_048_576,
    holdMs: 30_000,
    restMs: 0,
    longestRestMs: 0,
    oldestMs: Number.POSITIVE_INFINITY,
    leakBytes: Number.POSITIVE_INFINITY,
  });
}

/** Reads the pods that wait, and tells the policy what it sees of starts and takes between two looks. */
function createReader({ pods, isClaimed }: KeepPoolOptions["cluster"], policy: WarmPoolPolicy): (now: number) => IdleRunner[] {
  const starting = new Map<string, number>();
  const warm = new Map<string, number>();
  let isFirst = true;
  return (now) => {
    const seen = new Set<string>();
    for (const pod of pods()) {
      if (pod.component !== "pool" || pod.state !== "warm" || pod.deleting) continue;
      seen.add(pod.uid);
      if (!pod.ready) {
        // Of those that were there before this process led nobody knows since when.
        if (!isFirst && !starting.has(pod.uid) && !warm.has(pod.uid)) starting.set(pod.uid, now);
        continue;
      }
      if (warm.has(pod.uid)) continue;
      warm.set(pod.uid, now);
      const since = starting.get(pod.uid);
      starting.delete(pod.uid);
      if (since !== undefined) policy.noteStart(now - since);
    }
    isFirst = false;
    for (const uid of starting.keys()) if (!seen.has(uid)) starting.delete(uid);
    for (const uid of warm.keys()) {
      if (seen.has(uid)) continue;
      warm.delete(uid);
      if (!isClaimed(uid)) continue;
      policy.noteTake(now);
      policy.noteWakeEnd(now);
    }
    return [...warm.values()].map((since) => ({ since, grewBytes: 0 }));
  };
}
