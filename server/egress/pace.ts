/** How fast something may happen: `perSecond` over time, and `burst` at once. The generic cell rate algorithm; pure but for the clock. */
export interface Pace {
  /** Takes the next turn; how many milliseconds away it is. */
  take(): number;
}

export function createPace(perSecond: number, burst: number, now: () => number = () => performance.now()): Pace {
  const interval = 1_000 / perSecond;
  let next = Number.NEGATIVE_INFINITY;
  return {
    take() {
      const time = now();
      next = Math.max(next, time) + interval;
      return Math.max(0, next - time - burst * interval);
    },
  };
}
