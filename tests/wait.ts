import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks until `condition` gives something truthy and answers that; a test waits for what it means, not for a time.
 * @throws Error after `withinMs`, with the last error of the condition, if it had one.
 */
export async function waitFor<Result>(
  what: string,
  condition: () => Promise<Result> | Result,
  withinMs = 20_000,
): Promise<NonNullable<Result>> {
  const until = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < until) {
    try {
      const result = await condition();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    await delay(25);
  }
  throw new Error(`${what}: not within ${withinMs} ms`, { cause: last });
}
