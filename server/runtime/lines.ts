/** Bytes of an app's stdout and stderr into lines, bounded in length and in number: output is the app's, memory is the platform's. */

/** Longest line that is kept; what follows up to the line's end is left out. */
export const longestLineBytes = 16 * 1024;

export interface LineReader {
  /** Answers how many lines it handed out. */
  push(chunk: Buffer): number;
  /** Hands out what came without a line's end. */
  end(): void;
}

/**
 * Cuts a stream of bytes at line ends. A line over the bound is handed out cut, with a note. `admit` is asked for each line by its
 * bytes; one that it does not want is skipped before it is made a text, which is what costs.
 */
export function createLineReader(
  onLine: (text: string) => void,
  maxBytes = longestLineBytes,
  admit: (bytes: number) => boolean = () => true,
): LineReader {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let cut = false;
  const take = (piece: Buffer) => {
    const room = maxBytes - heldBytes;
    if (piece.length > room) cut = true;
    if (room <= 0 || piece.length === 0) return;
    const kept = piece.subarray(0, room);
    held.push(kept);
    heldBytes += kept.length;
  };
  const forget = () => {
    held = [];
    heldBytes = 0;
    cut = false;
  };
  const flush = () => {
    const text = (held.length === 1 ? held[0]! : Buffer.concat(held)).toString("utf8").replace(/\r$/, "");
    const note = cut ? ` … (cut at ${Math.round(maxBytes / 1024)} KiB)` : "";
    forget();
    onLine(text + note);
  };
  return {
    push: (chunk) => {
      let from = 0;
      let lines = 0;
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
        if (admit(Math.min(maxBytes, heldBytes + at - from))) {
          take(chunk.subarray(from, at));
          flush();
        } else if (heldBytes > 0 || cut) forget();
        lines++;
        from = at + 1;
      }
      // A copy, so that a short rest does not keep a whole chunk alive.
      if (from < chunk.length) take(Buffer.from(chunk.subarray(from)));
      return lines;
    },
    end: () => {
      if ((heldBytes > 0 || cut) && admit(heldBytes)) flush();
    },
  };
}

export interface LineRate {
  /** Whether a line of so many bytes is kept. */
  admit(bytes: number, now: number): boolean;
  /** Lines left out since the last call. */
  takeDropped(): number;
}

/**
 * A token bucket over lines and bytes. 500 lines and 256 KiB a second with ten seconds' worth in hand: a chatty start or a
 * long traceback comes through whole, an endless loop of prints does not fill the log.
 */
export function createLineRate(linesPerSecond = 500, bytesPerSecond = 256 * 1024, burstSeconds = 10): LineRate {
  let lines = linesPerSecond * burstSeconds;
  let bytes = bytesPerSecond * burstSeconds;
  let last: number | null = null;
  let dropped = 0;
  return {
    admit: (size, now) => {
      const seconds = last === null ? 0 : Math.max(0, now - last) / 1000;
      last = now;
      lines = Math.min(linesPerSecond * burstSeconds, lines + seconds * linesPerSecond);
      bytes = Math.min(bytesPerSecond * burstSeconds, bytes + seconds * bytesPerSecond);
      if (lines < 1 || bytes < size) {
        dropped++;
        return false;
      }
      lines -= 1;
      bytes -= size;
      return true;
    },
    takeDropped: () => {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}

/** A line costs the platform about as much as so many bytes do: an endless row of empty lines is the dearest output of all. */
const lineCost = 64;

/**
 * How fast an app's output is read. Beyond `perSecond` (bytes, and `lineCost` for each line) it stays in its pipe, so that an endless
 * print slows its app and not the platform: at most a hundredth of a core for each app that tries.
 */
export function createReadPace(
  perSecond = 4 * 1024 * 1024,
  burst = perSecond,
): { charge(bytes: number, lines: number, now: number): number } {
  let budget = burst;
  let last: number | null = null;
  return {
    /** Answers for how many ms nothing should be read; 0 to go on. */
    charge: (bytes, lines, now) => {
      const seconds = last === null ? 0 : Math.max(0, now - last) / 1000;
      last = now;
      budget = Math.min(burst, budget + seconds * perSecond) - bytes - lines * lineCost;
      return budget >= 0 ? 0 : Math.ceil((-budget / perSecond) * 1000);
    },
  };
}
