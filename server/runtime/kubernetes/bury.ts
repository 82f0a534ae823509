/** What follows from an app's death: as on one machine it is asleep, its next request starts it again, and nothing crashes in a loop. */
import { setTimeout as delay } from "node:timers/promises";
import type { PodView } from "./app-view.ts";
import type { Cluster } from "./cluster.ts";

const firstPauseMs = 1_000;
const longestPauseMs = 8_000;

/** Sets the app to no instances and deletes the dead pod, again and again while the cluster is away: until then nothing can start the app. */
export async function bury(cluster: Cluster, pod: PodView, appId: string, stopped: AbortSignal): Promise<void> {
  const isThere = (): boolean => cluster.view(appId).pods.some(({ uid, deleting }) => uid === pod.uid && !deleting);
  for (let pauseMs = firstPauseMs; !stopped.aborted && isThere(); pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    try {
      await cluster.scale(appId, 1, 0);
      return await cluster.deletePod(pod, 0);
    } catch {
      await delay(pauseMs, undefined, { ref: false });
    }
  }
}
