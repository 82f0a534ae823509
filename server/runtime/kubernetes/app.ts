/** One app on the cluster, as one process of the platform sees it: wakes it, puts it to sleep, counts who is on its pods, notices deaths. */
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "#core/contract/problem.ts";
import { describeFailure, LoadFailure, toWakeError } from "../load-failure.ts";
import type { Endpoint, InstanceSpec, RuntimeCounts, RuntimeEvent, SpecSource, WakeResult } from "../runtime.ts";
import type { Acceptance } from "./acceptance.ts";
import {
  findCandidates,
  findDeath,
  findFailed,
  findGated,
  findServing,
  nextWakeStep,
  toEndpoint,
  type AppView,
  type PodView,
  type WakeStep,
} from "./app-view.ts";
import { bury } from "./bury.ts";
import type { Cluster } from "./cluster.ts";
import { describeExit } from "../exit-reason.ts";
import { describeDeath, readDeath, toLoadFailure } from "./death.ts";
import type { Launcher } from "./launch.ts";
import { startRescue } from "./rescue.ts";
import { toSpecId } from "./spec-id.ts";
import type { Turns } from "./turns.ts";

export interface ClusterAppContext {
  cluster: Cluster;
  launcher: Launcher;
  acceptance: Acceptance;
  specOf: SpecSource;
  publish(event: RuntimeEvent): void;
  counts: RuntimeCounts;
  /** Whether this process tells of what every process sees, such as a pod's death. */
  tells(): boolean;
  /** All apps' wakes of this process. */
  wakes: Turns;
  /** Aborts when this process ends. */
  stopped: AbortSignal;
  /** Where pods answer HTTP. */
  appPort: number;
  /** From a request to an app that answers. */
  wakeTimeoutMs: number;
}

type Next = { is: "serving" | WakeStep } | { is: "failed" | "release"; pod: PodView };

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

/** A wake that failed is not tried again at once for each request: 1 s, doubling to 8 s. */
const firstPauseMs = 1_000;
const longestPauseMs = 8_000;
const mostFailureLines = 100;
/** What is pending on the cluster that long is told to who waits, if it can be said what it is. */
const explainAfterMs = 10_000;
const lostPauseMs = 25;
/** A pod whose node is away may stay in the lists for longer than anybody waits. */
const removeTimeoutMs = 20_000;

export function createClusterApp(appId: string, context: ClusterAppContext): ClusterApp {
  const { cluster, launcher, acceptance, publish, counts } = context;
  const inFlight = new Map<string, number>();
  /** Deaths that were told of, by uid: the pod is seen many times until it is gone. */
  const mourned = new Set<string>();
  /** Pods that this process has told to end, before the cluster's word of it comes back. */
  const leaving = new Set<string>();
  let endpoints: readonly Endpoint[] = [];
  let sleeping: Promise<void> | null = null;
  let flight: Promise<void> | null = null;
  let abort = new AbortController();
  let failure: { error: unknown; until: number; pauseMs: number } | null = null;
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

  /** `isOurs`: no warm pod was to be had for the start that this process began. */
  const nextOf = (view: AppView, spec: string, isOurs: boolean): Next => {
    if (serving(view, spec).length > 0) return { is: "serving" };
    const failed = findFailed(view, spec, (each) => mourned.has(each.uid));
    if (failed) return { is: "failed", pod: failed };
    const gated = isOurs ? findGated(view, spec) : undefined;
    return gated ? { is: "release", pod: gated } : { is: nextWakeStep(view, spec) };
  };

  const awaitNext = async (
    spec: InstanceSpec,
    id: string,
    isOurs: boolean,
    signal: AbortSignal,
  ): Promise<Exclude<Next, { is: "await" }>> => {
    const end = startRescue({ look: () => cluster.view(appId), launcher, acceptance }, spec, id, signal);
    try {
      return await cluster.settle(
        appId,
        (view) => {
          const found = nextOf(view, id, isOurs);
          return found.is === "await" ? null : (found as Exclude<Next, { is: "await" }>);
        },
        signal,
      );
    } finally {
      end();
    }
  };

  const runWake = async (spec: InstanceSpec, signal: AbortSignal): Promise<void> => {
    const id = toSpecId(spec);
    const started = performance.now();
    let isOurs = false;
    const explainer = setTimeout(() => void explain(id), explainAfterMs);
    try {
      for (;;) {
        const next = await awaitNext(spec, id, isOurs, signal);
        if (next.is === "serving") return isOurs ? counts.woken("cold", performance.now() - started) : undefined;
        if (next.is === "failed") {
          mourned.add(next.pod.uid);
          throw toLoadFailure(next.pod, next.pod.ended!);
        }
        if (next.is === "release") {
          if (!(await cluster.release(next.pod))) await delay(lostPauseMs, undefined, { signal });
          continue;
        }
        const right = next.is === "scale" ? await cluster.scale(appId, 0, 1) : await launcher.makeDeployment(spec);
        // Somebody else was quicker: the cluster's word of it is on its way.
        if (!right) await delay(lostPauseMs, undefined, { signal });
        else if (await launcher.startWarm(spec, signal)) return counts.woken("warm", performance.now() - started);
        else {
          isOurs = true;
          if (next.is === "scale") await launcher.restoreFiles(spec);
        }
      }
    } finally {
      clearTimeout(explainer);
    }
  };

  const explain = async (spec: string): Promise<void> => {
    const { words, pod } = await findObstacle((each) => each.spec === spec);
    if (words !== null) log(`The app is not running yet: ${words}`, pod?.name ?? "");
  };

  /** Why the app's pod does not run, or why it has none. */
  const findObstacle = async (fits: (pod: PodView) => boolean): Promise<{ words: string | null; pod?: PodView | undefined }> => {
    const pod = cluster.view(appId).pods.find((each) => each.state === "serving" && fits(each));
    const words = await (pod ? cluster.explain(pod) : cluster.explainMissing(appId)).catch(() => null);
    return { words, pod };
  };

  const wakeOnce = async (signal: AbortSignal): Promise<void> => {
    await sleeping?.catch(() => undefined);
    const spec = await context.specOf(appId);
    signal.throwIfAborted();
    if (!spec) throw new AppError("not_deployed", "Nothing is live: deploy the app first");
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(context.wakeTimeoutMs)]);
      await context.wakes.take(() => runWake(spec, until), until);
      failure = null;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      counts.wakeFailed();
      if (error instanceof LoadFailure) throw await giveUp(error);
      if (error instanceof AppError) throw error;
      const { words, pod } = await findObstacle(() => true);
      // Refused by the cluster, so that it waits longer and longer between its tries: the next wake makes it try at once.
      if (words !== null && !pod) await cluster.scale(appId, 1, 0).catch(() => false);
      if (words !== null) log(`The app cannot be started now: ${words}`, pod?.name ?? "");
      throw new AppError(
        "runtime_unavailable",
        words ? `The app cannot be started now: ${words}` : "The cluster did not start the app in time",
        {
          cause: error,
          retryAfterSeconds: 5,
        },
      );
    }
  };

  const giveUp = async (error: LoadFailure): Promise<unknown> => {
    await cluster.scale(appId, 1, 0).catch(() => false);
    counts.instanceEnded("not_started");
    const reason = describeFailure(error.error);
    for (const line of [reason, ...(error.error.traceback?.trimEnd().split("\n") ?? [])].slice(0, mostFailureLines)) log(line, "");
    publish({ type: "failed", appId, reason });
    const pauseMs = Math.min(longestPauseMs, failure ? failure.pauseMs * 2 : firstPauseMs);
    failure = { error: toWakeError(error), until: performance.now() + pauseMs, pauseMs };
    return failure.error;
  };

  const join = (): Promise<void> => {
    if (failure && performance.now() < failure.until) return Promise.reject(failure.error as Error);
    flight ??= wakeOnce(abort.signal).finally(() => (flight = null));
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
      if (force) failure = null;
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
        await cluster.scale(appId, Math.max(1, view.deployment?.replicas ?? 1), 0, sleepReason);
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
