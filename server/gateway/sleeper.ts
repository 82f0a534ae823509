import type { Runtime } from "#server/runtime/runtime.ts";
import type { AppState, AppTable } from "./apps.ts";
import type { Logger } from "./logger.ts";
import type { RouteTable } from "./route.ts";

export interface SleeperOptions {
  apps: AppTable;
  runtime: Runtime;
  routes: RouteTable;
  sleepAfterDefaultMs: number;
  logger: Logger;
  onActivity: ((activity: Map<string, Date>) => void | Promise<void>) | undefined;
  /** Else it only reports. */
  putsToSleep: boolean;
  sweepEveryMs: number;
}

export interface Sleeper {
  start(): void;
  stop(): Promise<void>;
  /** One round, as the timer does it. */
  sweep(): Promise<void>;
}

/**
 * Puts idle apps to sleep and reports who was active. Only inbound work counts: a request or an open connection in flight keeps
 * an app awake; one that wakes or is deployed without any gets its whole sleep time.
 */
export function createSleeper(options: SleeperOptions): Sleeper {
  const { apps, runtime, routes, logger } = options;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> | null = null;

  const reportActivity = async (): Promise<void> => {
    const active = new Map<string, Date>();
    const now = Date.now();
    for (const state of apps.states()) {
      if (state.inFlight > 0) state.lastActiveAt = now;
      if (state.lastActiveAt > state.reportedAt) active.set(state.appId, new Date(state.lastActiveAt));
    }
    if (active.size > 0) {
      try {
        await options.onActivity?.(active);
      } catch (error) {
        // Kept as not reported: the next round carries it along.
        logger.warn("activity could not be reported", { error });
        return;
      }
    }
    for (const [appId, at] of active) {
      const state = apps.find(appId);
      if (state !== undefined) state.reportedAt = at.getTime();
    }
  };

  const putToSleep = async (state: AppState): Promise<void> => {
    const route = await routes.findById(state.appId);
    state.sleepAfterMs = route?.sleepAfterMs ?? options.sleepAfterDefaultMs;
    if (!isIdle(state, Date.now())) return;
    state.fallingAsleep = true;
    try {
      await runtime.sleep(state.appId);
    } catch (error) {
      logger.warn("an idle app could not be put to sleep", { appId: state.appId, error });
    } finally {
      state.fallingAsleep = false;
    }
  };

  const putIdleToSleep = async (): Promise<void> => {
    const now = Date.now();
    const idle = [...apps.states()].filter(
      (state) => runtime.endpoints(state.appId).length > 0 && isQuiet(state) && now > state.lastActiveAt,
    );
    // One by one: a wave of apps that fall asleep together must not slow those that are awake.
    for (const state of idle) await putToSleep(state);
  };

  const round = async (): Promise<void> => {
    await reportActivity();
    if (options.putsToSleep) await putIdleToSleep();
    for (const state of [...apps.states()]) apps.prune(state);
  };

  const sweep = (): Promise<void> => {
    sweeping ??= round()
      .catch((error: unknown) => logger.error("the sweep for idle apps failed", { error }))
      .finally(() => (sweeping = null));
    return sweeping;
  };

  const follow = async (): Promise<void> => {
    for await (const event of runtime.watch(stopping.signal)) {
      if (event.type === "awake") {
        const state = apps.of(event.appId, options.sleepAfterDefaultMs);
        // Awake is no work by itself: it starts the idle time, but is not reported as activity.
        const now = Date.now();
        if (state.lastActiveAt <= state.reportedAt) state.reportedAt = now;
        state.lastActiveAt = Math.max(state.lastActiveAt, now);
      } else if (event.type === "asleep" || event.type === "died") {
        const state = apps.find(event.appId);
        if (state !== undefined) apps.prune(state);
      }
    }
  };

  return {
    start() {
      timer = setInterval(() => void sweep(), options.sweepEveryMs).unref();
      follow().catch((error: unknown) => {
        if (!stopping.signal.aborted) logger.error("the gateway lost sight of the runtime", { error });
      });
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await sweeping;
      await reportActivity();
    },
    sweep,
  };
}

function isQuiet(state: AppState): boolean {
  return state.inFlight === 0 && state.flight === null && !state.fallingAsleep;
}

function isIdle(state: AppState, now: number): boolean {
  return isQuiet(state) && now - state.lastActiveAt >= state.sleepAfterMs;
}
