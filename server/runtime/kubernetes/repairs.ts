/** What of the cluster is not as it should be, and what mends it. Pure. */
import type { DeploymentView, PodView } from "./app-view.ts";

export interface ClusterSeen {
  deployments: readonly DeploymentView[];
  pods: readonly PodView[];
  /** Apps that have a live version. */
  live: ReadonlySet<string>;
  /** For how long this process has seen the pod in its state; ms of its own, since no two machines' clocks agree. */
  ageMs(pod: PodView): number;
  /** Whether the pod was seen to accept connections. */
  accepts(pod: PodView): boolean;
  /** Sleeping apps whose objects are kept. */
  parkAfter: number;
  /** A deployment's, a wake's or a check's pod is given its files within less; 3 min. */
  abandonedMs?: number | undefined;
}

export type Repair =
  /** The app is gone, or has nothing live: so must be what is left of it. */
  | { do: "remove"; appId: string }
  /** Asleep beyond the number that is kept. */
  | { do: "park"; appId: string }
  | { do: "deletePod"; pod: PodView; why: "abandoned" | "lost" }
  /** Running: its objects are written again, whoever changed them. */
  | { do: "apply"; appId: string };

const defaultAbandonedMs = 3 * 60_000;

export function planRepairs({
  deployments,
  pods,
  live,
  ageMs,
  accepts,
  parkAfter,
  abandonedMs = defaultAbandonedMs,
}: ClusterSeen): Repair[] {
  const repairs: Repair[] = [];
  const removed = new Set<string>();
  for (const { appId } of deployments) {
    if (live.has(appId)) continue;
    removed.add(appId);
    repairs.push({ do: "remove", appId });
  }
  for (const pod of pods) {
    if (pod.component === "pool" || pod.deleting || (pod.appId !== null && removed.has(pod.appId))) continue;
    // Its claimer was killed on the way, or never heard that the claim had been taken.
    const ungiven = pod.state !== "serving" || !pod.owned || (pod.adopted && !accepts(pod));
    if (ungiven && ageMs(pod) > abandonedMs) repairs.push({ do: "deletePod", pod, why: "abandoned" });
    else if (pod.adopted && pod.restarts > 0) repairs.push({ do: "deletePod", pod, why: "lost" });
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

/** Apps that run and whose Deployment is not seen: somebody took its labels away. */
export function findUnseen({ deployments, pods }: Pick<ClusterSeen, "deployments" | "pods">): Set<string> {
  const seen = new Set(deployments.map(({ appId }) => appId));
  const running = pods.filter(({ state, owned, deleting }) => state === "serving" && owned && !deleting);
  return new Set(running.flatMap(({ appId }) => (appId === null || seen.has(appId) ? [] : [appId])));
}
