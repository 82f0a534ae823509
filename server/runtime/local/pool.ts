/**
 * Warm runners in waiting. One use each; refilled in the background. Who finds the pool empty waits for the next runner that
 * gets warm, in the order of asking: the cold start is the same path. No more start at once than the machine can carry.
 */
import type { Runner } from "./runner-process.ts";

export interface PoolOptions {
  /** Runners kept waiting. */
  size: number;
  /** Runners that may be starting at the same time. */
  mostStarting: number;
  start(): Runner;
  /** Told of each failed start, in words. */
  onFailure(message: string): void;
  /** How long a runner may take to get warm. */
  warmTimeoutMs: number;
}

export interface Pool {
  /** Runners that could be had now without waiting. */
  readonly idle: number;
  /** Hands out a warm runner. The pool is not refilled before `refill`, so that the start of another does not slow its claim. */
  take(signal?: AbortSignal): Promise<Runner>;
  /** Starts what is missing: at once while nobody has taken any, else when the app that took one has had time to answer its first request. */
  refill(): void;
  /** Ends all that wait or start. */
  close(): Promise<void>;
}

interface Waiter {
  resolve(runner: Runner): void;
  reject(error: Error): void;
}

const firstBackoffMs = 500;
const longestBackoffMs = 30_000;
/**
 * A runner's start blocks us for 10 ms (its cgroups, its process) and keeps a core busy for 400 ms: with it in the way, an app that
 * had just woken took twice as long to answer. Who finds the pool empty does not wait for this.
 */
const refillAfterMs = 150;

export function createPool(options: PoolOptions): Pool {
  const idle: Runner[] = [];
  const starting = new Set<Runner>();
  const waiters: Waiter[] = [];
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let untouched = true;
  let closed = false;

  const hand = (runner: Runner) => {
    const waiter = waiters.shift();
    if (waiter) waiter.resolve(runner);
    else idle.push(runner);
  };

  const launch = () => {
    let runner: Runner;
    try {
      runner = options.start();
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
      return;
    }
    starting.add(runner);
    const timer = setTimeout(() => void runner.kill(), options.warmTimeoutMs);
    runner.warm.then(
      () => {
        clearTimeout(timer);
        starting.delete(runner);
        failures = 0;
        if (closed) return;
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
      const index = idle.indexOf(runner);
      if (index === -1) return;
      idle.splice(index, 1);
      if (!closed) fill();
    });
  };

  const fail = (message: string) => {
    failures++;
    options.onFailure(message);
    // One unlucky start is tried again for who waits; a second failure in a row is theirs to know.
    if (failures > 1) for (const waiter of waiters.splice(0)) waiter.reject(new Error(message));
    clearTimeout(retry);
    retry = setTimeout(fill, failures > 1 ? Math.min(longestBackoffMs, firstBackoffMs * 2 ** (failures - 2)) : 0);
    retry.unref();
  };

  const fill = () => {
    clearTimeout(soon);
    soon = undefined;
    if (closed) return;
    const wanted = options.size + waiters.length - idle.length - starting.size;
    const room = options.mostStarting - starting.size;
    for (let count = Math.min(wanted, room); count > 0; count--) launch();
  };

  return {
    get idle() {
      return idle.length;
    },
    take: (signal) => {
      if (closed) return Promise.reject(new Error("the runtime has stopped"));
      untouched = false;
      const ready = idle.shift();
      if (ready) return Promise.resolve(ready);
      return new Promise<Runner>((resolve, reject) => {
        const leave = () => {
          const index = waiters.indexOf(waiter);
          if (index !== -1) waiters.splice(index, 1);
          reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
        };
        const waiter: Waiter = {
          resolve: (runner) => {
            signal?.removeEventListener("abort", leave);
            resolve(runner);
          },
          reject: (error) => {
            signal?.removeEventListener("abort", leave);
            reject(error);
          },
        };
        waiters.push(waiter);
        signal?.addEventListener("abort", leave, { once: true });
        if (signal?.aborted) leave();
        fill();
      });
    },
    refill: () => {
      if (untouched) fill();
      else soon ??= setTimeout(fill, refillAfterMs);
    },
    close: async () => {
      closed = true;
      clearTimeout(retry);
      clearTimeout(soon);
      for (const waiter of waiters.splice(0)) waiter.reject(new Error("the runtime has stopped"));
      await Promise.all([...idle.splice(0), ...starting].map((runner) => runner.kill()));
    },
  };
}
