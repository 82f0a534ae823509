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

/** Between two looks: several times what a busy machine takes for one more turn of what is looked at. */
const stillMs = 200;

/**
 * Asks until two looks at `count` in a row are equal and answers that: what moves has come to a stop, as a sender does whose reader reads nothing.
 * @throws Error after `withinMs`.
 */
export async function waitForStill(what: string, count: () => number, withinMs = 20_000): Promise<number> {
  const until = performance.now() + withinMs;
  for (let before = count(); performance.now() < until;) {
    await delay(stillMs);
    const now = count();
    if (now === before) return now;
    before = now;
  }
  throw new Error(`${what}: moved on for ${withinMs} ms`);
}
