/**
 * How one process wakes an app: it finds what the cluster lacks for it, does that, and waits until a pod serves. Whoever else wakes the
 * same app is waited for. A wake that failed is not tried again for each request.
 */
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "#core/contract/problem.ts";
import { describeFailure, LoadFailure, toWakeError } from "../load-failure.ts";
import type { InstanceSpec, RuntimeCounts, RuntimeEvent, SpecSource } from "../runtime.ts";
import type { Acceptance } from "./acceptance.ts";
import { findFailed, findGated, nextWakeStep, type AppView, type PodView, type WakeStep } from "./app-view.ts";
import type { Cluster } from "./cluster.ts";
import { toLoadFailure } from "./death.ts";
import type { Launcher } from "./launch.ts";
import { startRescue } from "./rescue.ts";
import { toSpecId } from "./spec-id.ts";
import type { Turns } from "./turns.ts";

export interface WakeContext {
  cluster: Cluster;
  launcher: Launcher;
  acceptance: Acceptance;
  specOf: SpecSource;
  publish(event: RuntimeEvent): void;
  counts: RuntimeCounts;
  /** All apps' wakes of this process. */
  wakes: Turns;
  /** From a request to an app that answers. */
  wakeTimeoutMs: number;
}

/** What the app knows of its pods. */
export interface KnownPods {
  serving(view: AppView, spec?: string): PodView[];
  /** Deaths that were told of, by uid. */
  mourned: Set<string>;
  log(text: string, instanceId: string): void;
}

export interface Waker {
  /** Resolves when a pod serves. @throws AppError `not_deployed`, `app_failed`, `runtime_unavailable`; the signal's reason. */
  wake(signal: AbortSignal): Promise<void>;
  /** Why it is not tried now; null when it is. */
  readonly refusal: Error | null;
  /** The next wake is tried at once, whatever the last came to. */
  forgive(): void;
}

type Next = { is: "serving" | WakeStep } | { is: "failed" | "release"; pod: PodView };

/** A wake that failed is not tried again at once for each request: 1 s, doubling to 8 s. */
const firstPauseMs = 1_000;
const longestPauseMs = 8_000;
const mostFailureLines = 100;
/** What is pending on the cluster that long is told to who waits, if it can be said what it is. */
const explainAfterMs = 10_000;
const lostPauseMs = 25;

export function createWaker(appId: string, context: WakeContext, { serving, mourned, log }: KnownPods): Waker {
  const { cluster, launcher, acceptance, publish, counts } = context;
  let failure: { error: Error; until: number; pauseMs: number } | null = null;

  /** `isOurs`: no warm pod was to be had for the start that this process began. */
  const nextOf = (view: AppView, spec: string, isOurs: boolean): Next => {
    if (serving(view, spec).length > 0) return { is: "serving" };
    const failed = findFailed(view, spec, (each) => mourned.has(each.uid));
    if (failed) return { is: "failed", pod: failed };
    const gated = isOurs ? findGated(view).find((pod) => pod.spec === spec) : undefined;
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

  const giveUp = async (error: LoadFailure): Promise<Error> => {
    await cluster.scale(appId, 1, 0).catch(() => false);
    counts.instanceEnded("not_started");
    const reason = describeFailure(error.error);
    for (const line of [reason, ...(error.error.traceback?.trimEnd().split("\n") ?? [])].slice(0, mostFailureLines)) log(line, "");
    publish({ type: "failed", appId, reason });
    const pauseMs = Math.min(longestPauseMs, failure ? failure.pauseMs * 2 : firstPauseMs);
    failure = { error: toWakeError(error), until: performance.now() + pauseMs, pauseMs };
    return failure.error;
  };

  return {
    wake: wakeOnce,
    get refusal() {
      return failure && performance.now() < failure.until ? failure.error : null;
    },
    forgive: () => void (failure = null),
  };
}
