/**
 * Whoever waits for an app that another process began to wake does not wait for ever: a pod that was made the app's and never got its
 * files (its claimer was killed, or never heard that the claim had been taken) is given them by who waits.
 */
import type { InstanceSpec } from "../runtime.ts";
import type { Acceptance } from "./acceptance.ts";
import type { AppView, PodView } from "./app-view.ts";
import type { Launcher } from "./launch.ts";

/** The claimer needs some 10 ms from its claim to its hand-off; a pod takes one claim only, so that coming too early does no harm. */
const rescueEveryMs = 3_000;

/** A pod from the pool that was claimed for `spec` and accepts no connections. */
export const findUngiven = (view: AppView, spec: string, accepts: (pod: PodView) => boolean): PodView | undefined =>
  view.pods.find((pod) => pod.spec === spec && pod.state === "serving" && pod.adopted && !pod.deleting && pod.ip !== null && !accepts(pod));

/** Looks every few seconds while somebody waits. Returns what ends it. */
export function startRescue(
  { look, launcher, acceptance }: { look(): AppView; launcher: Launcher; acceptance: Acceptance },
  spec: InstanceSpec,
  id: string,
  signal: AbortSignal,
): () => void {
  let busy = false;
  const timer = setInterval(() => {
    const pod = busy ? undefined : findUngiven(look(), id, acceptance.has);
    if (!pod) return;
    busy = true;
    void launcher.rescue(pod, spec, signal).finally(() => (busy = false));
  }, rescueEveryMs).unref();
  return () => clearInterval(timer);
}
