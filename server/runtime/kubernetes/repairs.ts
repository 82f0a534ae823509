/** What of the cluster is not as it should be, and what mends it. Pure. */
import { findDeath, type DeploymentView, type PodView } from "./app-view.ts";

export interface ClusterSeen {
  deployments: readonly DeploymentView[];
  pods: readonly PodView[];
  /** Apps that have a live version. */
  live: ReadonlySet<string>;
  /** Pods that this process's deployments and checks hold are young; ms of the same clock as `createdAt`. */
  now: number;
  /** Sleeping apps whose objects are kept. */
  parkAfter: number;
}

export type Repair =
  /** The app is gone, or has nothing live: so must be what is left of it. */
  | { do: "remove"; appId: string }
  /** Asleep beyond the number that is kept. */
  | { do: "park"; appId: string }
  | { do: "deletePod"; pod: PodView; why: "abandoned" | "lost" }
  /** Running: its objects are written again, whoever changed them. */
  | { do: "apply"; appId: string };

/** A deployment's or a check's pod is given its files within less. */
const abandonedMs = 3 * 60_000;

export function planRepairs({ deployments, pods, live, now, parkAfter }: ClusterSeen): Repair[] {
  const repairs: Repair[] = [];
  const removed = new Set<string>();
  for (const { appId } of deployments) {
    if (live.has(appId)) continue;
    removed.add(appId);
    repairs.push({ do: "remove", appId });
  }
  for (const pod of pods) {
    if (pod.appId === null || pod.deleting || removed.has(pod.appId)) continue;
    const age = now - (pod.claimedAt ?? pod.createdAt);
    if (pod.state === "loading" && age > abandonedMs) repairs.push({ do: "deletePod", pod, why: "abandoned" });
    else if (pod.state === "serving" && !pod.owned && age > abandonedMs) repairs.push({ do: "deletePod", pod, why: "abandoned" });
    else if (pod.adopted && pod.restarts > 0 && findDeath(pod) === null) repairs.push({ do: "deletePod", pod, why: "lost" });
  }
  const known = deployments.filter(({ appId }) => !removed.has(appId));
  for (const { appId, replicas } of known) if (replicas > 0) repairs.push({ do: "apply", appId });
  const withPods = new Set(pods.map((pod) => pod.appId));
  const asleep = known
    .filter(({ appId, replicas }) => replicas === 0 && !withPods.has(appId))
    .sort((left, right) => left.usedAt - right.usedAt);
  for (const { appId } of asleep.slice(0, Math.max(0, asleep.length - parkAfter))) repairs.push({ do: "park", appId });
  return repairs;
}
