/**
 * What the cluster says of one app, and what follows from it: who may get requests, what a wake does next, what died. Pure: the
 * informers fill it, `app.ts` acts on it.
 */
import type { Endpoint } from "../runtime.ts";
import type { Component } from "./names.ts";

/** An app's pod is given its files as `loading`, and gets requests as `serving`. */
export type PodState = "warm" | "loading" | "serving";

/** How a container ended: what its init wrote down, or what the kubelet knows. */
export interface Termination {
  exitCode: number;
  /** The kubelet's word, such as `OOMKilled` or `Error`. */
  reason: string;
  /** The termination message as it was written; see `explain.ts`. */
  message: string;
}

export interface PodView {
  name: string;
  uid: string;
  resourceVersion: string;
  ip: string | null;
  /** Null in the pool, and for what is only checked. */
  appId: string | null;
  component: Component;
  /** What it was started from; equal for all pods of one specification. */
  spec: string;
  version: number;
  state: PodState;
  /** When a warm pod became an app's; null for one that is not, or never was one. */
  claimedAt: number | null;
  /** A ReplicaSet counts it. */
  owned: boolean;
  /** It takes no more requests and ends when those under way are answered. */
  deleting: boolean;
  /** The kubelet has seen it ready. */
  ready: boolean;
  /** Of the pool's pods; empty for others. */
  runnerImage: string;
  /** It waited in the pool: when its container starts again, the files are lost. */
  adopted: boolean;
  restarts: number;
  ended: Termination | null;
  /** Its container runs or did: there is a log. */
  started: boolean;
  /** It is not scheduled until the platform releases it. */
  gated: boolean;
  node: string | null;
  memoryMiB: number;
  createdAt: number;
}

export interface DeploymentView {
  name: string;
  uid: string;
  resourceVersion: string;
  appId: string;
  spec: string;
  version: number;
  replicas: number;
  /** Why it has no instances. */
  asleep: "idle" | "asked" | null;
  /** When it was last awake, as far as its objects tell; ms. */
  usedAt: number;
}

export interface ReplicaSetView {
  name: string;
  uid: string;
  resourceVersion: string;
  appId: string;
  spec: string;
  /** The label `pod-template-hash` of its pods. */
  hash: string;
  /** How many pods it wants, once its controller has acted on that: one more it deletes, and one that joined before then too. */
  replicas: number;
  /** Of the Deployment's templates the one that it wants has the highest. */
  revision: number;
  deleting: boolean;
}

export interface AppView {
  deployment: DeploymentView | null;
  replicaSets: readonly ReplicaSetView[];
  pods: readonly PodView[];
}

/** Pods that may get requests once they accept connections. */
export function findCandidates(view: AppView): PodView[] {
  return view.pods.filter((pod) => pod.state === "serving" && pod.ip !== null && !pod.deleting && !findDeath(pod));
}

/** The pods that get requests: those of what is deployed, else those of what was, of the candidates that are known to `accept`. */
export function findServing(view: AppView, accepts: (pod: PodView) => boolean, deployed = view.deployment?.spec): PodView[] {
  if (view.deployment?.replicas === 0 && deployed === view.deployment.spec) return [];
  const open = findCandidates(view).filter(accepts);
  const current = open.filter((pod) => pod.spec === deployed);
  return current.length > 0 ? current : open;
}

export const toEndpoint = (pod: PodView, port: number): Endpoint => ({
  instanceId: pod.name,
  version: pod.version,
  host: pod.ip ?? "",
  port,
});

/** How the pod's app ended, if it did without being told to. */
export function findDeath(pod: PodView): Termination | null {
  if (pod.deleting || pod.state === "warm") return null;
  return pod.ended;
}

/** What a wake does next. `await`: somebody else did what was needed, or the cluster is at it. */
export type WakeStep = "apply" | "scale" | "await";

/** `spec`: what the app is to run. */
export function nextWakeStep({ deployment }: AppView, spec: string): WakeStep {
  if (deployment === null || deployment.spec !== spec) return "apply";
  return deployment.replicas === 0 ? "scale" : "await";
}

/** The pods of a wake that will not come to serve: their container ended, and the next one would end alike. */
export const findFailed = (view: AppView, spec: string, isKnown: (pod: PodView) => boolean): PodView | undefined =>
  view.pods.find((pod) => pod.spec === spec && pod.state === "serving" && findDeath(pod) !== null && !isKnown(pod));

/** The pods that wait for the word that no warm one takes their place. */
export const findGated = ({ pods }: AppView): PodView[] => pods.filter((pod) => pod.gated && !pod.deleting);

/** A warm pod that was claimed for the app and has not joined its ReplicaSet yet. */
export const isJoining = (pod: PodView): boolean => pod.adopted && !pod.owned && !pod.deleting && pod.ended === null;

/** The pool's pods of this image that can be claimed, oldest first: what waited longest has settled. */
export function findWarm(pods: Iterable<PodView>, runnerImage: string, taken: (name: string) => boolean): PodView[] {
  const warm = [];
  for (const pod of pods) {
    if (
      pod.component === "pool" &&
      pod.state === "warm" &&
      pod.runnerImage === runnerImage &&
      pod.ready &&
      pod.ip !== null &&
      !pod.deleting &&
      pod.restarts === 0 &&
      !taken(pod.name)
    )
      warm.push(pod);
  }
  return warm.sort((left, right) => left.createdAt - right.createdAt);
}
