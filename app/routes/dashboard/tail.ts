import type { LogEntry } from "#core/contract/request.ts";

const keyOf = ({ at, instance, stream, text }: LogEntry) => `${at}\0${instance}\0${stream}\0${text}`;

/**
 * The last lines, then each new one, without a gap and without a line twice: following begins before the last lines are read,
 * and what both give is left out once.
 */
export async function* tailLines(readLast: () => Promise<readonly LogEntry[]>, follow: AsyncIterable<LogEntry>): AsyncGenerator<LogEntry> {
  const following = follow[Symbol.asyncIterator]();
  try {
    let next = following.next();
    // It is awaited below; should reading fail first, its own failure must not end the process.
    next.catch(() => undefined);
    const last = await readLast();
    yield* last;
    const seen = new Map<string, number>();
    for (const line of last) seen.set(keyOf(line), (seen.get(keyOf(line)) ?? 0) + 1);
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = following.next();
      next.catch(() => undefined);
      const repeats = seen.get(keyOf(value)) ?? 0;
      if (repeats > 0) seen.set(keyOf(value), repeats - 1);
      else yield value;
    }
  } finally {
    // Not awaited: a generator that waits for its next line answers only when that comes.
    void following.return?.()?.catch(() => undefined);
  }
}
