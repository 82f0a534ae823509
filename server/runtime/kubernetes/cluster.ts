/** What the adapter does to the cluster and sees of it, in its own words. `open-cluster.ts` is the one that talks to the API server. */
import type { InstanceLimits, InstanceSpec } from "../runtime.ts";
import type { AppView, DeploymentView, PodView, ReplicaSetView } from "./app-view.ts";

/** The change that makes a warm pod an app's. Without a ReplicaSet it belongs to nobody yet. */
export interface PodClaim {
  appId: string;
  spec: string;
  version: number;
  state: "loading" | "serving";
  replicaSet: ReplicaSetView | null;
}

export interface Cluster {
  view(appId: string): AppView;
  /** Every pod of the apps' namespace that is the platform's. */
  pods(): Iterable<PodView>;
  appIds(): Iterable<string>;
  /** Calls back after each change, with the app it is of, or null for one of the pool. Returns what ends it. */
  onChange(listener: (appId: string | null) => void): () => void;
  /** Waits until `look` finds something in the app's view. @throws the signal's reason. */
  settle<T>(appId: string, look: (view: AppView) => T | null | undefined, signal: AbortSignal): Promise<T>;
  /** The same of the pods of all apps and the pool. */
  settlePod<T>(name: string, look: (pod: PodView | null) => T | null | undefined, signal: AbortSignal): Promise<T>;

  /** Null: it is there already. Its Secret and ConfigMap follow by `writeFiles`. */
  createDeployment(spec: InstanceSpec, replicas: number): Promise<DeploymentView | null>;
  applyDeployment(spec: InstanceSpec, replicas: number): Promise<DeploymentView>;
  /** Writes the Deployment of an app that runs again as it should be; null when it is not as it was `known` any more. */
  repairDeployment(spec: InstanceSpec, known: DeploymentView): Promise<DeploymentView | null>;
  /** The Secret and the ConfigMap that pods of `spec` start from. */
  writeFiles(spec: InstanceSpec, owner: DeploymentView): Promise<void>;
  /** Removes Secrets and ConfigMaps of the app that no pod starts from any more. */
  dropFiles(appId: string): Promise<void>;
  /** Sets the number of instances if it is `from`, or whatever it is when that is null; false when it was not, or nothing is deployed. */
  scale(appId: string, from: number | null, to: number, asleep?: "idle" | "asked"): Promise<boolean>;
  /** False: somebody else was quicker, or the pod is gone. */
  claim(pod: PodView, claim: PodClaim): Promise<PodView | null>;
  /** A warm pod outside the pool, for limits that the pool has not and for when it is empty. */
  createWarmPod(limits: InstanceLimits, component: "app" | "check"): Promise<PodView>;
  /** Lets a gated pod be scheduled; false when it has changed meanwhile. Idempotent. */
  release(pod: PodView): Promise<boolean>;
  /** Without a number it gets its whole grace to end. Idempotent. */
  deletePod(pod: PodView, graceSeconds?: number): Promise<void>;
  /** Deletes all that is the app's, and what runs at once. Idempotent. */
  removeApp(appId: string): Promise<void>;
  /** What keeps a pod from starting, in words; null when nothing is known to. */
  explain(pod: PodView): Promise<string | null>;
  /** What keeps an app from having a pod at all, such as a quota. */
  explainMissing(appId: string): Promise<string | null>;
}

/** Equal for two specifications whose instances are alike. */
export type SpecId = string;
