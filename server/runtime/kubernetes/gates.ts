/**
 * Pods that a ReplicaSet made by itself, when a node was drained or somebody scaled or restarted an app: nobody wakes the app, so nobody
 * finds that no warm pod takes their place. The leader lets them start.
 */
import { findGated, isJoining, type PodView } from "./app-view.ts";
import type { Cluster } from "./cluster.ts";

/** A wake has claimed its warm pod, or released this one, within less. */
const patienceMs = 2_000;

/** Watches all apps until `signal` aborts. */
export function keepReleased(
  { cluster, logger }: { cluster: Pick<Cluster, "view" | "appIds" | "onChange" | "release">; logger: { warn(message: string): void } },
  signal: AbortSignal,
): () => void {
  const timers = new Map<string, NodeJS.Timeout>();
  const look = (appId: string): void => {
    if (timers.has(appId) || findGated(cluster.view(appId)).length === 0) return;
    timers.set(appId, setTimeout(() => void release(appId), patienceMs).unref());
  };
  const release = async (appId: string): Promise<void> => {
    const view = cluster.view(appId);
    const tell = (pod: PodView) => (error: Error) => logger.warn(`The pod ${pod.name} could not be released: ${error.message}`);
    if (!view.pods.some(isJoining)) await Promise.all(findGated(view).map((pod) => cluster.release(pod).catch(tell(pod))));
    timers.delete(appId);
    if (!signal.aborted) look(appId);
  };
  for (const appId of cluster.appIds()) look(appId);
  const end = cluster.onChange((appId) => appId !== null && look(appId));
  return () => {
    end();
    for (const timer of timers.values()) clearTimeout(timer);
  };
}
