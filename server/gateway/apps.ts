import { AppError } from "#core/contract/problem.ts";
import type { Endpoint, Runtime } from "#server/runtime/runtime.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import { refusals } from "./answers/refusal.ts";
import type { Refusal } from "./answers/refusal.ts";
import type { Route } from "./route.ts";
import { createUpstream } from "./instance/upstream.ts";
import type { Upstream } from "./instance/upstream.ts";

/** Someone who waits for an app to start. Told exactly once, unless it left before. */
export interface Waiter {
  onAwake(endpoint: Endpoint, flight: WakeFlight): void;
  onWakeFailed(refusal: Refusal): void;
}

/** One start of an app, shared by all who wait for it. */
export interface WakeFlight {
  readonly startedAt: number;
  readonly waiters: Set<Waiter>;
  /** How long the start took, until somebody's record has it; null while starting, and when an instance was there already. */
  coldStartMs: number | null;
}

/** Someone who waits until an instance has room. Told exactly once, unless it left before; the place is taken for it then. */
export interface Queued {
  onPlace(): void;
}

/** The cold start goes on one record only: that of the first request that was forwarded after it. */
export function claimColdStart(flight: WakeFlight): number | null {
  const { coldStartMs } = flight;
  flight.coldStartMs = null;
  return coldStartMs;
}

/** What the gateway knows of an app that is awake, waking, or was asked for a moment ago. Sleeping apps have none. */
export interface AppState {
  readonly appId: string;
  sleepAfterMs: number;
  inFlight: number;
  /** Of `inFlight`, upgraded connections. */
  sockets: number;
  /** Of `inFlight`, those an instance is working on: each holds one of the app's places. */
  busy: number;
  /** Who waits for a place, in order; null while nobody does. */
  queue: Set<Queued> | null;
  /** When the app's bucket of requests is full again, as of `performance.now()`: all that a token bucket needs to know. */
  bucketFullAt: number;
  /** `Date.now()` of the last sign of inbound work. */
  lastActiveAt: number;
  /** The `lastActiveAt` that was reported last. */
  reportedAt: number;
  flight: WakeFlight | null;
  fallingAsleep: boolean;
  readonly upstreams: Upstream[];
}

/** The apps in memory: their instances, who waits for them, when they were last used. */
export class AppTable {
  readonly #runtime: Runtime;
  readonly #limits: GatewayLimits;
  readonly #logger: Logger;
  readonly #states = new Map<string, AppState>();

  constructor(runtime: Runtime, limits: GatewayLimits, logger: Logger) {
    this.#runtime = runtime;
    this.#limits = limits;
    this.#logger = logger;
  }

  states(): IterableIterator<AppState> {
    return this.#states.values();
  }

  find(appId: string): AppState | undefined {
    return this.#states.get(appId);
  }

  of(appId: string, sleepAfterMs: number): AppState {
    let state = this.#states.get(appId);
    if (state === undefined) {
      state = {
        appId,
        sleepAfterMs,
        inFlight: 0,
        sockets: 0,
        busy: 0,
        queue: null,
        bucketFullAt: 0,
        lastActiveAt: 0,
        reportedAt: 0,
        flight: null,
        fallingAsleep: false,
        upstreams: [],
      };
      this.#states.set(appId, state);
    }
    return state;
  }

  ofRoute(route: Route): AppState {
    const state = this.of(route.appId, route.sleepAfterMs);
    state.sleepAfterMs = route.sleepAfterMs;
    return state;
  }

  /** The ready instance with the least requests in flight; one other than `avoid` where there is a choice. */
  pick(state: AppState, avoid?: string): Upstream | undefined {
    let best: Upstream | undefined;
    for (const endpoint of this.#runtime.endpoints(state.appId)) {
      const candidate = this.upstream(state, endpoint);
      if (best === undefined || best.endpoint.instanceId === avoid) best = candidate;
      else if (candidate.inFlight < best.inFlight && endpoint.instanceId !== avoid) best = candidate;
    }
    return best;
  }

  upstream(state: AppState, endpoint: Endpoint): Upstream {
    for (const known of state.upstreams) if (known.endpoint.instanceId === endpoint.instanceId) return known;
    const made = createUpstream(endpoint);
    state.upstreams.push(made);
    return made;
  }

  /** Counts a request into the app's bucket. @returns 0, or in how many seconds there will be room for one. */
  takeToken(state: AppState, now: number): number {
    const { requestsPerSecond, requestBurst } = this.#limits;
    const fullAt = Math.max(state.bucketFullAt, now);
    const overMs = fullAt - now - ((requestBurst - 1) * 1_000) / requestsPerSecond;
    if (overMs > 0) return Math.max(1, Math.ceil(overMs / 1_000));
    state.bucketFullAt = fullAt + 1_000 / requestsPerSecond;
    return 0;
  }

  /** Takes one of the app's places, if there is one. */
  takePlace(state: AppState): boolean {
    const { concurrencyPerInstance } = this.#limits;
    // Most requests pass on the first comparison, without a look at the instances.
    if (state.busy >= concurrencyPerInstance && state.busy >= concurrencyPerInstance * this.#runtime.endpoints(state.appId).length)
      return false;
    state.busy += 1;
    return true;
  }

  /** Lets `queued` wait for a place. @returns false when as many as may are waiting. */
  queue(state: AppState, queued: Queued): boolean {
    state.queue ??= new Set();
    if (state.queue.size >= this.#limits.queuedPerApp) return false;
    state.queue.add(queued);
    return true;
  }

  /** Gives a place back: to those who wait, longest first. */
  leavePlace(state: AppState): void {
    state.busy -= 1;
    while (state.queue !== null) {
      const [next] = state.queue;
      if (next === undefined) state.queue = null;
      else if (!this.takePlace(state)) return;
      else {
        state.queue.delete(next);
        next.onPlace();
      }
    }
  }

  /**
   * Lets `waiter` wait for the app's start, which begins when none is under way.
   * @returns the flight, or why it may not wait.
   */
  wait(state: AppState, waiter: Waiter): WakeFlight | Refusal {
    if (state.flight !== null && state.flight.waiters.size >= this.#limits.waitingPerApp) return refusals.tooManyWaiting();
    const flight = state.flight ?? this.#wake(state);
    flight.waiters.add(waiter);
    return flight;
  }

  #wake(state: AppState): WakeFlight {
    const flight: WakeFlight = { startedAt: performance.now(), waiters: new Set(), coldStartMs: null };
    state.flight = flight;
    this.#runtime.wake(state.appId).then(
      ({ endpoint, waitedMs }) => {
        if (waitedMs > 0) flight.coldStartMs = performance.now() - flight.startedAt;
        state.flight = null;
        for (const waiter of flight.waiters) waiter.onAwake(endpoint, flight);
      },
      (error: unknown) => {
        state.flight = null;
        const refusal = this.#toRefusal(state, error);
        for (const waiter of flight.waiters) waiter.onWakeFailed(refusal);
      },
    );
    return flight;
  }

  /** The runtime itself pauses between starts of an app that fails, so a broken app costs nothing here. */
  #toRefusal(state: AppState, error: unknown): Refusal {
    if (error instanceof AppError) {
      if (error.code === "app_failed") return refusals.failedToStart();
      if (error.code === "not_deployed") return refusals.neverDeployed();
    }
    this.#logger.error("an app could not be woken", { appId: state.appId, error });
    return refusals.noRoom();
  }

  /** Closes the connections to instances that are gone, and forgets apps that nothing is known about any more. */
  prune(state: AppState): void {
    const ready = this.#runtime.endpoints(state.appId);
    for (let i = state.upstreams.length - 1; i >= 0; i -= 1) {
      const upstream = state.upstreams[i]!;
      if (upstream.inFlight > 0 || ready.some((endpoint) => endpoint.instanceId === upstream.endpoint.instanceId)) continue;
      state.upstreams.splice(i, 1);
      upstream.close();
    }
    const quiet = state.inFlight === 0 && state.flight === null && state.upstreams.length === 0 && state.reportedAt >= state.lastActiveAt;
    if (quiet && !state.fallingAsleep && ready.length === 0) this.#states.delete(state.appId);
  }

  close(): void {
    const upstreams = [...this.#states.values()].flatMap((state) => state.upstreams.splice(0));
    this.#states.clear();
    for (const upstream of upstreams) upstream.close();
  }
}
