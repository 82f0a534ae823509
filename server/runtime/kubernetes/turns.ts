/** A bound on what is under way at once: one busy app's burst of wakes must not starve another's, nor the nodes that start their pods. */
export interface Turns {
  /** Runs `work` when it is its turn, first come first served. @throws the signal's reason when it aborts before. */
  take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createTurns(most: number): Turns {
  const waiting = new Set<() => void>();
  let running = 0;
  const enter = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      if (running < most) {
        running += 1;
        return resolve();
      }
      const begin = (): void => {
        waiting.delete(begin);
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(begin);
        reject(signal.reason as Error);
      };
      waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  return {
    async take(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        // The place is handed on as it is.
        const [next] = waiting;
        if (next) next();
        else running -= 1;
      }
    },
  };
}
