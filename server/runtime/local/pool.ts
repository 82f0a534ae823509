/**
 * Warm runners in waiting. One use each; refilled in the background, as many as `warm-pool.ts` finds right. Who finds the pool
 * empty waits for the next runner that gets warm, in the order of asking: the cold start is the same path.
 */
import { createWarmPoolPolicy, type IdleRunner, type WarmPoolRules } from "../warm-pool.ts";
import type { Runner } from "./runner-process.ts";

export interface PoolOptions {
  /** Runners kept waiting when nothing is woken; 0 is no pool. */
  size: number;
  /** Runners that may be starting at the same time. */
  mostStarting: number;
  /** `awaited`: somebody waits for a runner, so it should be warm soon rather than well. */
  start(awaited: boolean): Runner;
  /** Told of each failed start, in words. */
  onFailure(message: string): void;
  /** How long a runner may take to get warm. */
  warmTimeoutMs: number;
  /** Memory that a waiting runner has for itself, in bytes; null when it cannot be told. Absent: an assumed one. */
  weigh?: (runner: Runner) => Promise<number | null>;
  /** The most that all waiting runners may use together; 512 MiB. */
  memoryMiB?: number;
  /** Changes of the rules; see `defaultRules`. */
  rules?: Partial<WarmPoolRules>;
}

export interface PoolStats {
  /** Takes since the start that found a runner waiting, and that had to wait for one. */
  warmTakes: number;
  coldTakes: number;
  idle: number;
  starting: number;
  /** How many should be waiting at the present pace of wakes. */
  wanted: number;
  /** What a start lasts, on average of the last few; ms. Null before the first. */
  startMs: number | null;
  /** What one waiting runner weighs, as far as it was weighed; bytes. */
  runnerBytes: number | null;
}

export interface Pool {
  /** Runners that could be had now without waiting. */
  readonly idle: number;
  /** Hands out a warm runner. `refill` must follow, once: until then its start is under way, and no other slows it that nobody needs. */
  take(signal?: AbortSignal): Promise<Runner>;
  /** Tells that a runner that was taken answers, or never will; starts what is missing when it is due. Without a `take` before: at once. */
  refill(): void;
  stats(): PoolStats;
  /** Ends all that wait or start. */
  close(): Promise<void>;
}

interface Waiting extends IdleRunner {
  runner: Runner;
  /** Its weight when it was first weighed. */
  firstBytes: number | null;
}

const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
/** Reading one weight takes the kernel a millisecond; a leak of a waiting runner is no matter of seconds. */
const weighEveryMs = 10_000;
const MiB = 1_048_576;

/** All but `least` and `mostStarting`, which the options give. */
export const defaultRules = {
  // As many as WARM_POOL may say.
  most: 50,
  memoryBytes: 512 * MiB,
  memoryShare: 0.25,
  runnerBytes: 16 * MiB,
  // With the look after it well within the minute in which the pool should be small again.
  holdMs: 30_000,
  // An app's first answer comes within 10 ms of its wake on a machine with nothing else to do; five times that on a busy one.
  restMs: 50,
  longestRestMs: 500,
  oldestMs: 3_600_000,
  leakBytes: 16 * MiB,
} satisfies Partial<WarmPoolRules>;

export function createPool(options: PoolOptions): Pool {
  const memoryBytes = (options.memoryMiB ?? 512) * MiB;
  const policy = createWarmPoolPolicy({
    ...defaultRules,
    memoryBytes,
    ...options.rules,
    least: options.size,
    mostStarting: options.mostStarting,
  });
  const idle: Waiting[] = [];
  const starting = new Set<Runner>();
  const line = createLine();
  const taken = { warm: 0, cold: 0 };
  let runnerBytes: number | null = null;
  let wanted = options.size;
  let failures = 0;
  /** Until then only who waits is worth another try. */
  let backUntil = 0;
  let look: NodeJS.Timeout | undefined;
  let closed = false;
  const now = () => performance.now();

  const hand = (runner: Runner) => {
    if (!line.serve(runner)) idle.push({ runner, since: now(), grewBytes: 0, firstBytes: null });
  };

  const launch = () => {
    let runner: Runner;
    try {
      runner = options.start(line.length > starting.size);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
      return;
    }
    starting.add(runner);
    const startedAt = now();
    const timer = setTimeout(() => void runner.kill(), options.warmTimeoutMs);
    runner.warm.then(
      () => {
        clearTimeout(timer);
        starting.delete(runner);
        failures = 0;
        backUntil = 0;
        if (closed) return;
        policy.noteStart(now() - startedAt);
        hand(runner);
        fill();
      },
      (error: Error) => {
        clearTimeout(timer);
        starting.delete(runner);
        if (!closed) fail(error.message);
      },
    );
    void runner.exited.then(() => {
      const index = idle.findIndex((entry) => entry.runner === runner);
      if (index === -1) return;
      idle.splice(index, 1);
      fill();
    });
  };

  const fail = (message: string) => {
    failures++;
    options.onFailure(message);
    // One unlucky start is tried again for who waits; a second failure in a row is theirs to know.
    if (failures > 1) line.dissolve(message);
    const pauseMs = failures > 1 ? Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 2)) : 0;
    backUntil = now() + pauseMs;
    lookIn(pauseMs);
  };

  const lookIn = (ms: number) => {
    clearTimeout(look);
    look = setTimeout(fill, Math.ceil(ms));
    look.unref();
  };

  const fill = () => {
    if (closed) return;
    const at = now();
    const plan = policy.plan(at, { idle, starting: starting.size, waiting: line.length, freeBytes: process.availableMemory() });
    wanted = plan.wanted;
    for (const index of plan.retire) void idle.splice(index, 1)[0]!.runner.kill();
    const pauseMs = Math.max(0, backUntil - at);
    const start = pauseMs > 0 ? Math.min(plan.start, Math.max(0, line.length - starting.size)) : plan.start;
    clearTimeout(look);
    if (pauseMs > 0 && plan.start > start) lookIn(pauseMs);
    else if (plan.againInMs !== null) lookIn(plan.againInMs);
    for (let count = start; count > 0; count--) launch();
  };

  const weighAll = async () => {
    for (const entry of [...idle]) {
      const bytes = await options.weigh!(entry.runner).catch(() => null);
      if (bytes === null) continue;
      policy.noteWeight(bytes);
      runnerBytes = bytes;
      entry.firstBytes ??= bytes;
      entry.grewBytes = bytes - entry.firstBytes;
    }
    fill();
  };
  const weighing = options.weigh ? setInterval(() => void weighAll(), weighEveryMs).unref() : undefined;

  return {
    get idle() {
      return idle.length;
    },
    take: (signal) => {
      if (closed) return Promise.reject(new Error("the runtime has stopped"));
      policy.noteTake(now());
      const index = policy.choose(now(), idle);
      const ready = index === -1 ? null : idle.splice(index, 1)[0]!.runner;
      taken[ready ? "warm" : "cold"] += 1;
      const promise = ready ? Promise.resolve(ready) : line.join(signal);
      // Also where one was ready: at a pace that a rest would run the stock dry, the next start cannot wait for the wake's end.
      fill();
      return promise;
    },
    refill: () => {
      policy.noteWakeEnd(now());
      fill();
    },
    stats: () => ({
      warmTakes: taken.warm,
      coldTakes: taken.cold,
      idle: idle.length,
      starting: starting.size,
      wanted,
      startMs: policy.startMs,
      runnerBytes,
    }),
    close: async () => {
      closed = true;
      clearTimeout(look);
      clearInterval(weighing);
      line.dissolve("the runtime has stopped");
      await Promise.all([...idle.splice(0).map(({ runner }) => runner), ...starting].map((runner) => runner.kill()));
    },
  };
}

interface Waiter {
  resolve(runner: Runner): void;
  reject(error: Error): void;
}

/** Those who wait for a runner, in the order of asking. */
function createLine() {
  const waiters = new Set<Waiter>();
  return {
    get length() {
      return waiters.size;
    },
    /** Waits for its turn; who stops asking leaves the line. */
    join: (signal: AbortSignal | undefined) =>
      new Promise<Runner>((resolve, reject) => {
        const leave = () => {
          waiters.delete(waiter);
          reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
        };
        const settle =
          <Value>(how: (value: Value) => void) =>
          (value: Value) => {
            waiters.delete(waiter);
            signal?.removeEventListener("abort", leave);
            how(value);
          };
        const waiter: Waiter = { resolve: settle<Runner>(resolve), reject: settle<Error>(reject) };
        waiters.add(waiter);
        signal?.addEventListener("abort", leave, { once: true });
        if (signal?.aborted) leave();
      }),
    /** Gives `runner` to the first of them; false when there is nobody. */
    serve: (runner: Runner): boolean => {
      const [first] = waiters;
      first?.resolve(runner);
      return first !== undefined;
    },
    /** Sends all away. */
    dissolve: (message: string) => {
      for (const waiter of waiters) waiter.reject(new Error(message));
    },
  };
}
