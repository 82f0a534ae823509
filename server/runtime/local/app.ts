/** One app on this machine: executes what `app-state.ts` decides, on real runners. */
import { AppError } from "#core/contract/problem.ts";
import type { Endpoint, InstanceSpec, RuntimeCounts, RuntimeEvent, SpecSource, WakeResult } from "../runtime.ts";
import { initialState, nextAppState, type AppEffect, type AppEvent, type AppState } from "./app-state.ts";
import { describeExit, describeStuck, endReason } from "../exit-reason.ts";
import { describeFailure, LoadFailure, toWakeError } from "../load-failure.ts";
import type { Instance } from "./launch.ts";
import { endAll, endInstance, type Tracked } from "./tracked.ts";

export interface AppContext {
  specOf: SpecSource;
  launch(spec: InstanceSpec, signal: AbortSignal): Promise<Instance>;
  publish(event: RuntimeEvent): void;
  counts?: RuntimeCounts;
  /** Told of a step before the next one is taken: where tests make the platform die. */
  onStep?: ((step: AppStep) => void) | undefined;
  /** Time for requests in flight when an instance is replaced or put to sleep. */
  drainGraceMs: number;
}

/** What an app goes through between being asleep and being awake. */
export type AppStep = "wake-begun" | "wake-loaded" | "wake-served" | "sleep-begun" | "sleep-drained";

export interface LocalApp {
  /** The instance that gets requests. */
  readonly serving: Instance | null;
  readonly endpoints: readonly Endpoint[];
  readonly removed: boolean;
  wake(): Promise<WakeResult>;
  sleep(force: boolean, reason: "idle" | "asked" | "shutdown"): Promise<boolean>;
  /** Gives traffic to a new instance; false when the app was removed meanwhile, and the instance is stopped. */
  switchTo(instance: Instance): boolean;
  remove(): Promise<void>;
  /** Null: the instance takes no more requests. */
  enter(instanceId: string): (() => void) | null;
  /** Bytes between the app and its database since the platform started, over all its instances. */
  databaseBytes(): { in: number; out: number };
  /** Ends all instances, also those that drain, with so much time left. */
  end(graceMs: number): Promise<void>;
}

interface Flight {
  number: number;
  /** The instance that it brought. */
  promise: Promise<string>;
  abort: AbortController;
}

/** A wake that failed is not tried again at once for each request: 1 s, doubling to 8 s. */
const firstPauseMs = 1_000;
const longestPauseMs = 8_000;
/** Of a traceback in the log, each time a wake fails. */
const mostFailureLines = 100;

export function createLocalApp(appId: string, context: AppContext): LocalApp {
  let state: AppState = initialState;
  let endpoints: readonly Endpoint[] = [];
  let flight: Flight | null = null;
  let sleepReason: "idle" | "asked" | "shutdown" = "idle";
  let diedOf = "";
  let failure: { error: unknown; until: number; pauseMs: number } | null = null;
  const tracked = new Map<string, Tracked>();
  const past = { in: 0, out: 0 };

  const apply = (event: AppEvent): AppEffect[] => {
    const step = nextAppState(state, event);
    state = step.state;
    const serving = state.serving === null ? undefined : tracked.get(state.serving);
    endpoints = serving ? [serving.instance.endpoint] : [];
    for (const effect of step.effects) execute(effect);
    return step.effects;
  };

  const execute = (effect: AppEffect): void => {
    switch (effect.type) {
      case "start":
        flight = startWake(effect.wake);
        return;
      case "abortWake":
        if (flight?.number === effect.wake)
          flight.abort.abort(new AppError("runtime_unavailable", "The app was stopped or replaced while it was starting"));
        return;
      case "drain":
        drain(effect.instance, context.drainGraceMs);
        return;
      case "discard":
        drain(effect.instance, 0);
        return;
      case "announce":
        if (effect.what === "awake") context.publish({ type: "awake", appId });
        else if (effect.what === "asleep") context.publish({ type: "asleep", appId, reason: sleepReason });
        else context.publish({ type: "died", appId, reason: diedOf });
        return;
      case "refuse":
        return;
    }
  };

  const log = (text: string, instanceId: string): void =>
    context.publish({ type: "log", appId, line: { at: new Date(), stream: "platform", text, instanceId } });

  const track = (instance: Instance): void => {
    const entry: Tracked = { instance, inFlight: 0, whenIdle: [], ending: null, asked: null };
    tracked.set(instance.id, entry);
    void instance.runner.exited.then((exit) => {
      const bytes = instance.runner.databaseBytes();
      past.in += bytes.in;
      past.out += bytes.out;
      tracked.delete(instance.id);
      diedOf = describeExit(exit).words;
      const text = entry.asked === null ? `The app ${diedOf}` : describeStuck(exit);
      if (text !== null) log(text, instance.id);
      context.counts?.instanceEnded(endReason(exit, entry.asked));
      apply({ type: "ended", instance: instance.id });
    });
  };

  const drain = (instanceId: string, graceMs: number): void => {
    const entry = tracked.get(instanceId);
    if (!entry || entry.ending) return;
    // A sleeping app keeps the instance among those that end; what drains for a newer version is in neither place.
    entry.asked = state.removed ? "removed" : state.ending.includes(instanceId) ? sleepReason : "replaced";
    entry.ending = endInstance(entry, graceMs);
  };

  const startWake = (number: number): Flight => {
    const abort = new AbortController();
    const promise = runWake(number, abort.signal).finally(() => {
      if (flight?.number === number) flight = null;
    });
    promise.catch(() => {});
    return { number, promise, abort };
  };

  const runWake = async (number: number, signal: AbortSignal): Promise<string> => {
    const started = performance.now();
    context.onStep?.("wake-begun");
    try {
      await Promise.all(state.ending.map(async (id) => tracked.get(id)?.ending));
      const spec = await context.specOf(appId);
      signal.throwIfAborted();
      if (!spec) throw new AppError("not_deployed", "Nothing is live: deploy the app first");
      const instance = await context.launch(spec, signal);
      context.onStep?.("wake-loaded");
      failure = null;
      track(instance);
      context.counts?.woken(instance.wasWarm ? "warm" : "cold", performance.now() - started);
      apply({ type: "woken", wake: number, instance: instance.id });
      context.onStep?.("wake-served");
      return instance.id;
    } catch (error) {
      // A deployment that was quicker serves by now: this wake's end says nothing of the app any more.
      const overtaken = state.wake !== number;
      apply({ type: "wakeFailed", wake: number });
      if (!signal.aborted) context.counts?.wakeFailed();
      if (error instanceof LoadFailure) {
        context.counts?.instanceEnded("not_started");
        const reason = describeFailure(error.error);
        for (const line of [reason, ...(error.error.traceback?.trimEnd().split("\n") ?? [])].slice(0, mostFailureLines)) log(line, "");
        if (overtaken) throw toWakeError(error);
        context.publish({ type: "failed", appId, reason });
        const pauseMs = Math.min(longestPauseMs, failure ? failure.pauseMs * 2 : firstPauseMs);
        failure = { error: toWakeError(error), until: performance.now() + pauseMs, pauseMs };
        throw failure.error;
      }
      throw error instanceof AppError
        ? error
        : new AppError("runtime_unavailable", "No runner could be started on this machine", { cause: error, retryAfterSeconds: 5 });
    }
  };

  /** Waits for the wake under way, or a new one. `superseded`: it brought nothing because the app was put to sleep or replaced. */
  const joinWake = async (): Promise<{ superseded: boolean; error: unknown }> => {
    if (failure && state.wake === null && performance.now() < failure.until) return { superseded: false, error: failure.error };
    apply({ type: "wakeAsked" });
    const mine = flight;
    if (!mine) return { superseded: false, error: new AppError("runtime_unavailable", "The app was deleted", { retryAfterSeconds: 1 }) };
    const ended = new AppError("runtime_unavailable", "The app ended as soon as it had started", { retryAfterSeconds: 1 });
    return mine.promise.then(
      (instance) => ({ superseded: tracked.get(instance)?.ending != null, error: ended }),
      (error: unknown) => ({ superseded: mine.abort.signal.aborted, error }),
    );
  };

  const serving = (): Tracked | null => (state.serving === null ? null : (tracked.get(state.serving) ?? null));

  return {
    get serving() {
      return serving()?.instance ?? null;
    },
    get endpoints() {
      return endpoints;
    },
    get removed() {
      return state.removed;
    },
    wake: async () => {
      const awake = serving();
      if (awake) return { endpoint: awake.instance.endpoint, waitedMs: 0 };
      const started = performance.now();
      for (;;) {
        const { superseded, error } = await joinWake();
        const now = serving();
        if (now) return { endpoint: now.instance.endpoint, waitedMs: performance.now() - started };
        // Whoever put the app to sleep did not mean the request that waits: it wakes it as one that comes a moment later would.
        if (!superseded || state.removed) throw error;
      }
    },
    sleep: async (force, reason) => {
      if (force) failure = null;
      sleepReason = reason;
      const entry = serving();
      const effects = apply({ type: "sleepAsked", inFlight: entry?.inFlight ?? 0, force });
      if (effects.some((effect) => effect.type === "refuse")) return false;
      if (effects.length > 0) context.onStep?.("sleep-begun");
      await Promise.all([...tracked.values()].map(async (each) => each.ending));
      if (effects.length > 0) context.onStep?.("sleep-drained");
      return true;
    },
    switchTo: (instance) => {
      failure = null;
      track(instance);
      apply({ type: "deployed", instance: instance.id });
      return !state.removed;
    },
    remove: async () => {
      sleepReason = "asked";
      apply({ type: "removed" });
      await flight?.promise.catch(() => {});
      await endAll(tracked, 0);
    },
    enter: (instanceId) => {
      const entry = tracked.get(instanceId);
      if (!entry || entry.ending) return null;
      entry.inFlight++;
      let out = false;
      return () => {
        if (out) return;
        out = true;
        entry.inFlight--;
        if (entry.inFlight === 0) for (const resolve of entry.whenIdle.splice(0)) resolve();
      };
    },
    databaseBytes: () => {
      const total = { ...past };
      for (const { instance } of tracked.values()) {
        const bytes = instance.runner.databaseBytes();
        total.in += bytes.in;
        total.out += bytes.out;
      }
      return total;
    },
    end: (graceMs) => endAll(tracked, graceMs),
  };
}
