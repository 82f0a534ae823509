/** What is known of the cluster, and waiting until it is known. */
import { explainPod } from "./explain.ts";
import { deploymentName } from "./names.ts";
import type { ClusterContext, OpenCluster } from "./open-cluster.ts";

export type Reading = Pick<
  OpenCluster,
  | "view"
  | "pods"
  | "deployments"
  | "appIds"
  | "onChange"
  | "nudge"
  | "settle"
  | "settlePod"
  | "explain"
  | "explainMissing"
  | "isolation"
  | "calls"
  | "readLog"
>;

/** Answers from memory, and what waits for it to change. */
export function createReading({ client, views, policies, pods, deployments }: ClusterContext): Reading {
  const settle = <T>(look: () => T | null | undefined, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const now = look();
      if (now != null) return resolve(now);
      const leave = (): void => {
        end();
        signal.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      const end = views.onChange(() => {
        try {
          const found = look();
          if (found == null) return;
          leave();
          resolve(found);
        } catch (error) {
          // What it found is that it waits in vain: for who waits, not for the informer that called.
          leave();
          reject(error as Error);
        }
      });
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
    });
  return {
    view: views.of,
    pods: () => pods.values(),
    deployments: () => deployments.values(),
    appIds: views.appIds,
    onChange: views.onChange,
    nudge: views.nudge,
    settle: (appId, look, signal) => settle(() => look(views.of(appId)), signal),
    settlePod: (name, look, signal) => settle(() => look(pods.get(name) ?? null), signal),
    isolation: policies.isolation,
    calls: () => Object.fromEntries(client.calls),
    readLog: (pod, since, signal) => client.logs(pod, { follow: true, timestamps: true, signal, ...(since ? { since } : {}) }),
    async explain(pod) {
      const [found, events] = await Promise.all([client.get("pods", pod.name), client.events(pod.uid)]);
      return explainPod({ pod: found, events })?.words ?? null;
    },
    async explainMissing(appId) {
      const deployment = await client.get("deployments", deploymentName(appId));
      return explainPod({ pod: null, deployment })?.words ?? null;
    },
  };
}
