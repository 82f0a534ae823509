/** What the leader sees of the pool in the pods of the cluster. */
import type { IdleRunner, WarmPoolPolicy } from "../warm-pool.ts";
import { isJoining, type PodView } from "./app-view.ts";
import type { Cluster } from "./cluster.ts";

export interface PoolReading {
  /** In the order of getting warm. */
  idle: IdleRunner[];
  /** Let start, and not warm yet. */
  starting: number;
  /** Made by the ReplicaSet, and not let start. */
  gated: PodView[];
  /** Nodes that any pod of the platform is on: at least so many there are. */
  nodes: number;
  /** Wakes and deployments that took a warm pod and are not over. */
  waking: number;
}

type Noted = Pick<WarmPoolPolicy, "noteStart" | "noteTake" | "noteWakeEnd">;

/** Reads the pods, and tells the policy what happened since the last reading. */
export function createPoolReader({ pods }: Pick<Cluster, "pods">, policy: Noted): (now: number) => PoolReading {
  /** By uid, since when. */
  const starting = new Map<string, number>();
  const warm = new Map<string, number>();
  const waking = new Set<string>();
  let isFirst = true;

  const noteWarm = (uid: string, now: number): void => {
    if (warm.has(uid)) return;
    warm.set(uid, now);
    const since = starting.get(uid);
    starting.delete(uid);
    if (since !== undefined) policy.noteStart(now - since);
  };
  const noteTaken = (uid: string, now: number): void => {
    policy.noteTake(now);
    waking.add(uid);
  };

  return (now) => {
    const waiting = new Set<string>();
    const taken = new Set<string>();
    const joining = new Set<string>();
    const nodes = new Set<string>();
    const gated: PodView[] = [];
    let notReady = 0;
    for (const pod of pods()) {
      if (pod.node !== null) nodes.add(pod.node);
      if (pod.state !== "warm") {
        taken.add(pod.uid);
        if (isJoining(pod)) joining.add(pod.uid);
      } else if (pod.component === "pool" && !pod.deleting) {
        waiting.add(pod.uid);
        if (pod.gated) gated.push(pod);
        else if (pod.ready) noteWarm(pod.uid, now);
        else if (!warm.has(pod.uid)) {
          notReady += 1;
          // Of those that were there before this process led nobody knows since when.
          if (!isFirst && !starting.has(pod.uid)) starting.set(pod.uid, now);
        }
      }
    }
    isFirst = false;
    for (const uid of starting.keys()) if (!waiting.has(uid)) starting.delete(uid);
    for (const uid of warm.keys()) {
      if (waiting.has(uid)) continue;
      warm.delete(uid);
      if (taken.has(uid)) noteTaken(uid, now);
    }
    for (const uid of [...waking].filter((each) => !joining.has(each))) {
      waking.delete(uid);
      policy.noteWakeEnd(now);
    }
    const idle = [...warm.values()].map((since) => ({ since, grewBytes: 0 }));
    return { idle, starting: notReady, gated, nodes: nodes.size, waking: waking.size };
  };
}
