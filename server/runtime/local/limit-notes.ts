/** Tells an app's owner, while it runs, that it was refused processes, CPU or memory: otherwise it just looks broken or slow. */
import type { RuntimeCounts } from "../runtime.ts";
import type { Pressure } from "./cgroup-plan.ts";
import { megabytes, type MemoryUse } from "../exit-reason.ts";

/** What was refused so far. */
export interface Refused {
  pressure: Pressure;
  memory: MemoryUse;
}

/** What is new since the last look. */
export interface LimitNews {
  /** Lines for the app's log. */
  notes: string[];
  forks: number;
  throttledSeconds: number;
}

/** One kind of note comes at most so often: the owner is told, the log not filled. */
const quietMs = 60_000;
/** Fewer periods say nothing: any app computes for half a second now and then. */
const leastPeriods = 20;
const throttledShare = 0.5;

/** An instance to which nothing was refused yet. */
const nothing: Refused = {
  pressure: { forksRefused: 0, processLimit: 0, cpuPeriods: 0, cpuThrottledPeriods: 0, cpuThrottledSeconds: 0 },
  memory: { limitBytes: 0, peakBytes: 0, kills: 0 },
};

/** Compares what was refused with the last look. Pure but for what it remembers. */
export function createLimitNotes(cpus: number): (now: Refused, atMs: number) => LimitNews {
  let last = nothing;
  const told = new Map<string, number>();
  /** Counts that were not told of yet, since their kind was quiet. */
  const untold = { forks: 0, kills: 0 };
  const mayTell = (kind: string, atMs: number): boolean => {
    const at = told.get(kind);
    if (at !== undefined && atMs - at < quietMs) return false;
    told.set(kind, atMs);
    return true;
  };
  return (now, atMs) => {
    const since = (read: (refused: Refused) => number) => Math.max(0, read(now) - read(last));
    const forks = since(({ pressure }) => pressure.forksRefused);
    const kills = since(({ memory }) => memory.kills);
    const throttledSeconds = since(({ pressure }) => pressure.cpuThrottledSeconds);
    const periods = since(({ pressure }) => pressure.cpuPeriods);
    const throttled = since(({ pressure }) => pressure.cpuThrottledPeriods);
    last = now;
    untold.forks += forks;
    untold.kills += kills;
    const notes: string[] = [];
    if (untold.forks > 0 && mayTell("forks", atMs)) {
      const often = untold.forks === 1 ? "" : ` (${untold.forks} times)`;
      notes.push(`A process or thread could not be started${often}: the app has as many as it may, ${now.pressure.processLimit}`);
      untold.forks = 0;
    }
    if (untold.kills > 0 && mayTell("kills", atMs)) {
      const what = untold.kills === 1 ? "A process" : `${untold.kills} processes`;
      notes.push(
        `${what} of the app ${untold.kills === 1 ? "was" : "were"} killed: together they needed more than ${megabytes(now.memory.limitBytes)}`,
      );
      untold.kills = 0;
    }
    if (periods >= leastPeriods && throttled / periods >= throttledShare && mayTell("cpu", atMs)) {
      notes.push(
        `The app computes without a pause and is held to its share of the CPU, ${cpus} ${cpus === 1 ? "core" : "cores"}: its answers take longer`,
      );
    }
    return { notes, forks, throttledSeconds };
  };
}

/** Small files of the kernel, some 20 µs each; half a minute would be late for someone who watches the log. */
const lookEveryMs = 5_000;

/**
 * Looks at intervals until `stop`, which looks once more, and tells `tell` and the platform's counters.
 * `read` must not throw.
 */
export function watchLimits(
  cpus: number,
  read: () => Refused,
  tell: (text: string) => void,
  counts: Pick<RuntimeCounts, "limited" | "throttled">,
): { stop(): void } {
  const compare = createLimitNotes(cpus);
  const look = (): void => {
    const { notes, forks, throttledSeconds } = compare(read(), performance.now());
    for (const note of notes) tell(note);
    if (forks > 0) counts.limited("processes", forks);
    if (throttledSeconds > 0) counts.throttled(throttledSeconds);
  };
  const timer = setInterval(look, lookEveryMs).unref();
  return {
    stop: () => {
      clearInterval(timer);
      look();
    },
  };
}
