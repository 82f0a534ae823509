/** Which refusals are told in an app's log: an app that asks again and again is told once a minute, and how often it asked since. */

/** How long a line stands for all that are like it. */
const quietMs = 60_000;
/** Different lines of one app in that time: a scan of many hosts must not push its own lines out of the log. */
const mostLines = 30;

export interface RefusalLog {
  /** The line to write, or null when it was told a moment ago. `key` is what makes two refusals alike. */
  tell(key: string, words: string): string | null;
}

/** The memory of one app; `now` in milliseconds. */
export function createRefusalLog(now: () => number = Date.now): RefusalLog {
  const told = new Map<string, { at: number; since: number }>();
  let unlisted = 0;

  const forgetOld = (at: number): void => {
    for (const [key, entry] of told) if (at - entry.at >= quietMs) told.delete(key);
  };

  return {
    tell(key, words) {
      const at = now();
      const known = told.get(key);
      if (known && at - known.at < quietMs) {
        known.since += 1;
        return null;
      }
      if (!known && told.size >= mostLines) {
        forgetOld(at);
        if (told.size >= mostLines) {
          unlisted += 1;
          return null;
        }
      }
      const times = known && known.since > 0 ? ` (${known.since} more like it since the last such line)` : "";
      const others = unlisted > 0 ? ` (${unlisted} refusals of other hosts were not listed)` : "";
      unlisted = 0;
      told.set(key, { at, since: 0 });
      return `${words}${times}${others}`;
    },
  };
}
