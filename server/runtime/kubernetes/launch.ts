/** From a specification to a pod that answers, the quick way: a warm pod is claimed, given the files, and becomes the app's. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceLimits, InstanceSpec, LoadReport } from "../runtime.ts";
import { LoadFailure } from "../load-failure.ts";
import type { Acceptance } from "./acceptance.ts";
import { findWarm, type AppView, type PodView, type ReplicaSetView } from "./app-view.ts";
import type { Cluster, PodClaim } from "./cluster.ts";
import { toLoadFailure } from "./death.ts";
import { HandOffRefused } from "./hand-off.ts";
import { toSpecId } from "./spec-id.ts";

/** Gives a claimed pod its files and waits until the app answers. @throws LoadFailure for the app's own failures. */
export type GiveFiles = (pod: PodView, spec: InstanceSpec, mode: "serve" | "check", signal: AbortSignal) => Promise<LoadReport>;

export interface LauncherOptions {
  cluster: Cluster;
  acceptance: Acceptance;
  give: GiveFiles;
  /** What the pool's pods are limited to; apps with other limits get a pod of their own. */
  poolLimits: InstanceLimits;
  /** While a new one reaches the pool, an app must not be woken with the old one: it would keep it until it sleeps. */
  runnerImage: string;
  logger: { warn(message: string): void };
}

export interface Obtained {
  pod: PodView;
  wasWarm: boolean;
}

export interface Launcher {
  /** Makes the app's objects with one instance to run; false when somebody else has, or when it runs already. */
  makeDeployment(spec: InstanceSpec): Promise<boolean>;
  /** Starts the app in a pod of the pool, for a Deployment that wants one; false when there is none, and the plain way goes on. */
  startWarm(spec: InstanceSpec, signal: AbortSignal): Promise<boolean>;
  /** A warm pod that nobody else has: the pool's, or one made for it. `onCold`: it takes longer. */
  obtain(spec: InstanceSpec, component: "app" | "check", signal: AbortSignal, onCold: () => void): Promise<Obtained>;
  give: GiveFiles;
  /** Gives its files to a pod that was made the app's and may never have got them: its claimer was killed, say. Settles when it is over. */
  rescue(pod: PodView, spec: InstanceSpec, signal: AbortSignal): Promise<void>;
  /** The files that a pod of the Deployment starts from, where somebody has removed them. */
  restoreFiles(spec: InstanceSpec): Promise<void>;
  /** Makes a pod that was given its files the Deployment's own, once the Deployment wants such a one. */
  adopt(pod: PodView, spec: InstanceSpec, signal: AbortSignal): Promise<void>;
  readonly warmPods: number;
}

/** How long the controller may take to make the ReplicaSet of a new Deployment. */
const replicaSetTimeoutMs = 10_000;
/** A cluster that is busy or away for a while; after it the leader takes the pod for abandoned. */
const joinForMs = 120_000;
const joinPauseMs = 500;

export function createLauncher({ cluster, acceptance, give, poolLimits, runnerImage, logger }: LauncherOptions): Launcher {
  const taken = new Set<string>();

  const findFree = (): PodView[] => findWarm(cluster.pods(), runnerImage, (name) => taken.has(name));

  const claimFromPool = async (claim: PodClaim): Promise<PodView | null> => {
    for (;;) {
      const [pod] = findFree();
      if (!pod) return null;
      taken.add(pod.name);
      try {
        const claimed = await cluster.claim(pod, claim);
        if (claimed) return claimed;
      } finally {
        // The cluster's view says by now that it is taken, by us or by whoever was quicker.
        setTimeout(() => taken.delete(pod.name), 1_000).unref();
      }
    }
  };
  const fitsPool = (limits: InstanceLimits) => limits.memoryMiB === poolLimits.memoryMiB && limits.cpus === poolLimits.cpus;
  /** One that wants a pod already: its controller ends a pod that joins it before the Deployment's number has reached it. */
  const findReplicaSet = (appId: string, spec: string): ReplicaSetView | null => {
    const wanting = cluster.view(appId).replicaSets.filter((each) => each.spec === spec && each.replicas > 0);
    // Two of one specification differ in what is not the app's, such as the runner's image.
    return wanting.sort((left, right) => right.revision - left.revision)[0] ?? null;
  };

  /** A pod that answers becomes its ReplicaSet's. What was put to sleep meanwhile joins nothing, and what was replaced ends. */
  const join = async (pod: PodView, spec: InstanceSpec): Promise<void> => {
    const until = AbortSignal.timeout(joinForMs);
    for (;;) {
      try {
        return await launcher.adopt(pod, spec, until);
      } catch (error) {
        const view = cluster.view(spec.appId);
        if (!isKept(pod, view)) return;
        if (view.deployment?.spec !== toSpecId(spec)) return await cluster.deletePod(pod).catch(() => undefined);
        if (until.aborted) return logger.warn(`The pod ${pod.name} does not belong to its Deployment: ${(error as Error).message}`);
        await delay(joinPauseMs);
      }
    }
  };

  const launcher: Launcher = {
    give,
    get warmPods() {
      return findFree().length;
    },
    async makeDeployment(spec) {
      const known = cluster.view(spec.appId).deployment;
      const made = known === null ? await cluster.createDeployment(spec, 1) : await cluster.applyDeployment(spec, known.replicas);
      if (made === null) return false;
      const written = cluster.writeFiles(spec, made);
      if (known !== null) {
        await written;
        return known.replicas === 0 && (await cluster.scale(spec.appId, 0, 1));
      }
      // The pod from the pool needs neither; the one that the Deployment starts is tried again until they are there.
      written.catch((error: Error) => logger.warn(`The files of app ${spec.appId} could not be written: ${error.message}`));
      return true;
    },
    async startWarm(spec, signal) {
      if (!fitsPool(spec.limits)) return false;
      const id = toSpecId(spec);
      const replicaSet = findReplicaSet(spec.appId, id);
      const pod = await claimFromPool({
        appId: spec.appId,
        spec: id,
        version: spec.version,
        state: "serving",
        replicaSet,
      });
      if (pod === null) return false;
      try {
        await give(pod, spec, "serve", signal);
      } catch (error) {
        // Another process that waited for the app was quicker to give it its files (`rescue`).
        if (isGiven(error)) return false;
        await cluster.deletePod(pod, 0);
        if (signal.aborted || error instanceof LoadFailure) throw error;
        // The pod was lost between its claim and now; the plain way is under way since the claim's beginning.
        logger.warn(`A warm pod could not be used: ${(error as Error).message}`);
        return false;
      }
      // Its node may not have heard yet that it was deleted, and then it takes the files all the same. With the app put to sleep meanwhile
      // that is as it should be.
      const view = cluster.view(spec.appId);
      if (view.deployment?.replicas !== 0 && !isKept(pod, view)) {
        logger.warn(`The warm pod ${pod.name} was deleted while it was given its files`);
        return false;
      }
      acceptance.note(pod);
      // The app answers; that its pod is counted may take the controllers a moment.
      if (!replicaSet) void join(pod, spec);
      return true;
    },
    async rescue(pod, spec, signal) {
      try {
        await give(pod, spec, "serve", signal);
        acceptance.note(pod);
        void join(pod, spec);
      } catch (error) {
        // Of a failure of its own the pod's end tells everybody.
        if (signal.aborted || isGiven(error) || error instanceof LoadFailure) return;
        logger.warn(`The pod ${pod.name} is claimed and of no use: ${(error as Error).message}`);
        await cluster.deletePod(pod, 0).catch(() => undefined);
      }
    },
    async restoreFiles(spec) {
      const { deployment } = cluster.view(spec.appId);
      if (deployment === null) return;
      await cluster
        .writeFiles(spec, deployment)
        .catch((error: Error) => logger.warn(`The files of app ${spec.appId} could not be written: ${error.message}`));
    },
    async obtain(spec, component, signal, onCold) {
      const claim: PodClaim = { appId: spec.appId, spec: toSpecId(spec), version: spec.version, state: "loading", replicaSet: null };
      const warm = fitsPool(spec.limits) ? await claimFromPool(claim) : null;
      if (warm) return { pod: warm, wasWarm: true };
      onCold();
      const made = await cluster.createWarmPod(spec.limits, component);
      try {
        for (let tries = 0; tries < 5; tries += 1) {
          const ready = await cluster.settlePod(made.name, (pod) => readyOrGone(pod), signal);
          if (ready === "gone") throw new Error("the pod was deleted before it was ready");
          const claimed = await cluster.claim(ready, claim);
          if (claimed) return { pod: claimed, wasWarm: false };
          // The kubelet wrote a status meanwhile: the cluster's word of it is on its way.
          await delay(20);
        }
        throw new Error("the pod changed while it was claimed");
      } catch (error) {
        const words = signal.aborted ? null : await cluster.explain(made).catch(() => null);
        await cluster.deletePod(made, 0).catch(() => undefined);
        throw words ? new Error(words, { cause: error }) : error;
      }
    },
    async adopt(pod, spec, signal) {
      const id = toSpecId(spec);
      const replicaSet = await cluster.settle(
        spec.appId,
        () => findReplicaSet(spec.appId, id),
        AbortSignal.any([signal, AbortSignal.timeout(replicaSetTimeoutMs)]),
      );
      for (let tries = 0; tries < 5; tries += 1) {
        const now = [...cluster.view(spec.appId).pods].find((each) => each.uid === pod.uid) ?? pod;
        if (await cluster.claim(now, { appId: spec.appId, spec: id, version: spec.version, state: "serving", replicaSet })) return;
        await delay(20);
      }
      throw new Error("the pod changed while it was adopted");
    },
  };
  return launcher;
}

/** Nobody has deleted the pod. */
const isKept = (pod: PodView, { pods }: AppView): boolean => pods.some(({ uid, deleting }) => uid === pod.uid && !deleting);

/** The pod has been given its files before. */
const isGiven = (error: unknown): boolean => error instanceof HandOffRefused && error.reason === "claimed";

/** Of a pod that is starting: itself once it is warm. @throws LoadFailure when its container ended. */
function readyOrGone(pod: PodView | null): PodView | "gone" | null {
  if (pod === null || pod.deleting) return "gone";
  if (pod.ended !== null) throw toLoadFailure(pod, pod.ended);
  return pod.ready && pod.ip !== null ? pod : null;
}

/** Nobody's app: what a check is loaded as. */
export const checkAppId = (): string => `check-${randomUUID().slice(0, 8)}`;
