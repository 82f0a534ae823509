/** One app on the cluster, as one process of the platform sees it: wakes it, puts it to sleep, counts who is on its pods, notices deaths. */
import { AppError } from "#core/contract/problem.ts";
import { describeExit } from "../exit-reason.ts";
import type { Endpoint, WakeResult } from "../runtime.ts";
import { findCandidates, findDeath, findServing, toEndpoint, type AppView, type PodView } from "./app-view.ts";
import { createWaker, type WakeContext } from "./app-wake.ts";
import { bury } from "./bury.ts";
import { describeDeath, readDeath } from "./death.ts";

export interface ClusterAppContext extends WakeContext {
  /** Whether this process tells of what every process sees, such as a pod's death. */
  tells(): boolean;
  /** Aborts when this process ends. */
  stopped: AbortSignal;
  /** Where pods answer HTTP. */
  appPort: number;
}

export interface ClusterApp {
  readonly endpoints: readonly Endpoint[];
  wake(): Promise<WakeResult>;
  sleep(force: boolean): Promise<boolean>;
  remove(): Promise<void>;
  enter(instanceId: string): (() => void) | null;
  /** The cluster told something new of the app. */
  look(): void;
  /** Nothing is known or counted of it: whoever holds it may forget it. */
  readonly isIdle: boolean;
}

/** A pod whose node is away may stay in the lists for longer than anybody waits. */
const removeTimeoutMs = 20_000;

export function createClusterApp(appId: string, context: ClusterAppContext): ClusterApp {
  const { cluster, acceptance, publish, counts } = context;
  const inFlight = new Map<string, number>();
  /** Deaths that were told of, by uid: the pod is seen many times until it is gone. */
  const mourned = new Set<string>();
  /** Pods that this process has told to end, before the cluster's word of it comes back. */
  const leaving = new Set<string>();
  let endpoints: readonly Endpoint[] = [];
  let sleeping: Promise<void> | null = null;
  let flight: Promise<void> | null = null;
  let abort = new AbortController();
  /** What this process was told to do with it and is not on the cluster's word alone. */
  let sleepReason: "idle" | "asked" = "idle";

  const log = (text: string, instanceId: string): void =>
    publish({ type: "log", appId, line: { at: new Date(), stream: "platform", text, instanceId } });

  const look = (): void => {
    const view = cluster.view(appId);
    const before = endpoints.length;
    acceptance.watch(findCandidates(view));
    endpoints = serving(view).map((pod) => toEndpoint(pod, context.appPort));
    for (const set of [leaving, mourned]) for (const uid of set) if (!view.pods.some((pod) => pod.uid === uid)) set.delete(uid);
    let died: string | null = null;
    for (const pod of view.pods) {
      const ended = findDeath(pod);
      // One that never answered is the affair of whoever waits for it.
      if (ended === null || pod.state !== "serving" || mourned.has(pod.uid) || !acceptance.has(pod)) continue;
      mourned.add(pod.uid);
      acceptance.forget(pod.uid);
      died = describeDeath(pod, ended);
      if (context.tells()) {
        log(`The app ${died}`, pod.name);
        counts.instanceEnded(describeExit(readDeath(ended, pod.memoryMiB).exit).kind);
      }
      void bury(cluster, pod, appId, context.stopped);
    }
    if (died !== null && endpoints.length === 0) publish({ type: "died", appId, reason: died });
    else if (before === 0 && endpoints.length > 0) publish({ type: "awake", appId });
    else if (before > 0 && endpoints.length === 0) publish({ type: "asleep", appId, reason: view.deployment?.asleep ?? sleepReason });
  };

  const serving = (view: AppView, spec?: string): PodView[] =>
    findServing(view, (pod) => acceptance.has(pod) && !leaving.has(pod.uid), spec);

  const waker = createWaker(appId, context, { serving, mourned, log });
  const fly = async (signal: AbortSignal): Promise<void> => {
    await sleeping?.catch(() => undefined);
    await waker.wake(signal);
  };
  const join = (): Promise<void> => {
    if (waker.refusal) return Promise.reject(waker.refusal);
    flight ??= fly(abort.signal).finally(() => (flight = null));
    return flight;
  };

  return {
    get endpoints() {
      return endpoints;
    },
    get isIdle() {
      return flight === null && endpoints.length === 0 && inFlight.size === 0 && cluster.view(appId).pods.length === 0;
    },
    look,
    async wake() {
      if (endpoints[0]) return { endpoint: endpoints[0], waitedMs: 0 };
      const started = performance.now();
      for (;;) {
        const mine = abort;
        const error = await join().then(
          () => new AppError("runtime_unavailable", "The app ended as soon as it had started", { retryAfterSeconds: 1 }),
          (reason: unknown) => reason,
        );
        look();
        if (endpoints[0]) return { endpoint: endpoints[0], waitedMs: performance.now() - started };
        // Whoever put the app to sleep did not mean the request that waits: it wakes it as one that comes a moment later would.
        if (mine === abort) throw error;
      }
    },
    async sleep(force) {
      if (force) waker.forgive();
      const view = cluster.view(appId);
      const busy = flight !== null || [...inFlight.values()].some((count) => count > 0);
      if (busy && !force) return false;
      sleepReason = force ? "asked" : "idle";
      if (flight !== null) {
        abort.abort(new AppError("runtime_unavailable", "The app was stopped while it was starting"));
        abort = new AbortController();
        await flight.catch(() => undefined);
      }
      const ending = view.pods.filter((pod) => pod.state === "serving" && !pod.deleting);
      for (const pod of ending) leaving.add(pod.uid);
      look();
      sleeping = (async () => {
        // First what starts pods, then the pods: a wake a moment later must not find the old one counted. With the deletion every
        // process stops sending them requests; those under way are finished.
        // What this process knows of their number may be a moment old: another one may have woken the app.
        await cluster.scale(appId, null, 0, sleepReason);
        await Promise.all(ending.map((pod) => cluster.deletePod(pod)));
        for (const _ of ending) counts.instanceEnded(sleepReason);
      })().finally(() => (sleeping = null));
      try {
        await sleeping;
      } catch (error) {
        // Not told to the cluster, so they are not ending: they go on being asked.
        for (const pod of ending) leaving.delete(pod.uid);
        throw error;
      } finally {
        look();
      }
      return true;
    },
    async remove() {
      abort.abort(new AppError("runtime_unavailable", "The app was deleted"));
      await flight?.catch(() => undefined);
      await cluster.removeApp(appId);
      // Nothing of it answers any more when this resolves.
      await cluster.settle(appId, (view) => view.pods.length === 0 || null, AbortSignal.timeout(removeTimeoutMs)).catch(() => undefined);
      look();
    },
    enter(instanceId) {
      if (!endpoints.some((endpoint) => endpoint.instanceId === instanceId)) return null;
      inFlight.set(instanceId, (inFlight.get(instanceId) ?? 0) + 1);
      let out = false;
      return () => {
        if (out) return;
        out = true;
        const left = (inFlight.get(instanceId) ?? 1) - 1;
        if (left > 0) inFlight.set(instanceId, left);
        else inFlight.delete(instanceId);
      };
    },
  };
}
