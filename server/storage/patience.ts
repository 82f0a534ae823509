import { setTimeout as delay } from "node:timers/promises";
import { isDatabaseGone } from "#core/database-gone.ts";

/** A server that died is back in about a second; one that stays away is asked for twice a second. */
const firstPauseMs = 100;
const longestPauseMs = 500;

/**
 * Does `task` again and again while the database is away, for work that was promised and can be repeated. Any other failure, and
 * the last one when `signal` aborts, is thrown.
 */
export async function untilDatabaseAnswers<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await task();
    } catch (error) {
      if (signal.aborted || !isDatabaseGone(error)) throw error;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
