/**
 * Whether the cluster enforces NetworkPolicies, tried and not believed: one pod listens, another tries to reach it under the namespace's
 * default deny. That the first one listens is the kubelet's word, whose probes no policy stops. Without that, nothing was shown.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "#core/contract/problem.ts";
import type { ClusterClient } from "./client.ts";
import type { Pod } from "./client-resources.ts";
import { explainPod } from "./explain.ts";
import { containerName, labels } from "./names.ts";
import { toProbePods, type PodOptions } from "./objects.ts";

export interface ProbeResult {
  enforced: boolean;
  /** For the administrator, in a sentence. */
  detail: string;
}

export interface ProbeOptions {
  client: ClusterClient;
  options: PodOptions;
  signal: AbortSignal;
  /** For each pod to come up, which includes pulling the image. */
  podMs?: number;
}

const lookEveryMs = 300;
/** What `fp_runner probe connect` ends with. */
const connectedCode = 0;
const notConnectedCode = 10;
/** A policy reaches a new pod's node a moment after the pod: only what connects twice is let through. */
const tries = 2;

/**
 * Removes its pods, and those that a probe before it left. @throws AppError `runtime_unavailable` when it could not be tried, with the
 * reason in words; the signal's reason when it aborts.
 */
export async function probeNetworkPolicies(probe: ProbeOptions): Promise<ProbeResult> {
  const { client, options } = probe;
  await removePods(client, labels.probe);
  const id = randomBytes(4).toString("hex");
  try {
    const { listener, connector } = toProbePods(id, options);
    await create(probe, listener);
    const listening = await waitFor(probe, listener, (pod) => isReady(pod) && pod.status?.podIP !== undefined);
    const address = listening.status!.podIP!;
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const pod = connector(address);
      await create(probe, pod);
      const ended = await waitFor(probe, pod, (seen) => exitCodeOf(seen) !== undefined);
      const code = exitCodeOf(ended)!;
      if (code === notConnectedCode) return await confirm(probe, listener);
      if (code !== connectedCode) throw untried(`the pod that connects ended with exit code ${code}`);
      await client.delete("pods", pod.metadata!.name!, { graceSeconds: 0 });
    }
    return {
      enforced: false,
      detail: "One pod in the apps' namespace reached another, although its policies forbid it: the network plugin does not enforce them.",
    };
  } finally {
    // Also when the signal has aborted: what is left would end by itself, but counts in the quota until then.
    await removePods(client, `${labels.probe}=${id}`).catch(() => undefined);
  }
}

/** A listener that went away meanwhile would look like a policy. */
async function confirm({ client, signal }: ProbeOptions, listener: Pod): Promise<ProbeResult> {
  const now = await client.get("pods", listener.metadata!.name!, { signal });
  if (!now || !isReady(now)) throw untried("the pod that listens went away");
  return { enforced: true, detail: "One pod in the apps' namespace could not reach another that listened." };
}

async function create({ client, signal }: ProbeOptions, pod: Pod): Promise<void> {
  if (!(await client.create(pod, { signal }))) throw untried(`there is a pod ${pod.metadata?.name} already`);
}

async function waitFor({ client, signal, podMs = 120_000 }: ProbeOptions, { metadata }: Pod, isDone: (pod: Pod) => boolean): Promise<Pod> {
  const name = metadata!.name!;
  const until = performance.now() + podMs;
  for (;;) {
    const pod = await client.get("pods", name, { signal });
    if (pod === null) throw untried(`the pod ${name} was deleted by somebody else`);
    if (isDone(pod)) return pod;
    const ended = exitCodeOf(pod);
    if (ended !== undefined) throw untried(`the pod ${name} ended with exit code ${ended}`);
    if (performance.now() > until) {
      const events = await client.events(pod.metadata!.uid!, { signal });
      throw untried(explainPod({ pod, events })?.words ?? `the pod ${name} did not come up within ${Math.round(podMs / 1_000)} s`);
    }
    await delay(lookEveryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

async function removePods(client: ClusterClient, labelSelector: string): Promise<void> {
  const { items } = await client.list("pods", { labelSelector });
  await Promise.all(items.map(({ metadata }) => client.delete("pods", metadata?.name ?? "", { graceSeconds: 0 })));
}

const isReady = (pod: Pod): boolean => pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
const exitCodeOf = (pod: Pod): number | undefined =>
  pod.status?.containerStatuses?.find(({ name }) => name === containerName)?.state?.terminated?.exitCode;
const untried = (why: string): AppError => new AppError("runtime_unavailable", `Whether NetworkPolicies hold could not be tried: ${why}`);
