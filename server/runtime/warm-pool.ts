/**
 * How many warm runners a pool keeps and when it starts or ends one: decided here for both adapters, carried out by them.
 * Guarantees: never fewer wanted than `least`, never more than the memory pays for; who waits comes before the stock; the stock
 * follows the pace of wakes up at once and down within `holdMs`. Pure: no clock, no timer, no process; times are ms of any one clock.
 */

export interface WarmPoolRules {
  /** Runners kept when nobody wakes anything. 0 is no pool: whoever comes waits for a start. */
  least: number;
  /** Runners kept at most, however fast wakes come. */
  most: number;
  /** Runners that may be starting at once. */
  mostStarting: number;
  /** What the stock may use beyond `least` runners... */
  memoryBytes: number;
  /** ...and never more than this share of the memory that would be free without it. */
  memoryShare: number;
  /** A waiting runner's memory until some were weighed. */
  runnerBytes: number;
  /** A burst keeps the stock up for so long: the pool is back at `least` when nothing was taken since. */
  holdMs: number;
  /** After an app has answered its wake, so long no runner is started that nobody is short of. */
  restMs: number;
  /** Wakes under way and their rest hold a start back for no longer than this. */
  longestRestMs: number;
  /** A runner that waited longer is replaced: what it holds (files, time zone, certificates) is that of its start. */
  oldestMs: number;
  /** A runner that grew by more while it only waited is replaced. */
  leakBytes: number;
}

/** One runner that waits. */
export interface IdleRunner {
  /** When it got warm. */
  since: number;
  /** What it grew by since then. */
  grewBytes: number;
}

export interface PoolView {
  /** In the order of getting warm. */
  idle: readonly IdleRunner[];
  starting: number;
  /** Who found the pool empty. */
  waiting: number;
  freeBytes: number;
}

export interface PoolPlan {
  /** Runners to start now. */
  start: number;
  /** Indexes of `idle`: those that are to end now, highest first. */
  retire: number[];
  /** When to ask again, if nothing happens before; null: only when something does. */
  againInMs: number | null;
  wanted: number;
}

export interface WarmPoolPolicy {
  /** What a start lasts, on average of the last few; ms. Null before the first. */
  readonly startMs: number | null;
  /** Somebody asked for a runner. */
  noteTake(now: number): void;
  /** The app that took one answers, or never will. */
  noteWakeEnd(now: number): void;
  /** A runner got warm so long after its start was asked for. */
  noteStart(tookMs: number): void;
  /** What one waiting runner weighs. */
  noteWeight(bytes: number): void;
  plan(now: number, view: PoolView): PoolPlan;
  /** Which of the waiting ones to hand out: the oldest that is sound, else the newest. -1 when there is none. */
  choose(now: number, idle: readonly IdleRunner[]): number;
}

/** How much one start or weighing moves the average: about the last five count. */
const newest = 0.3;
/** A start is never taken to last less: the window that takes are counted in needs several to say anything. */
const shortestWindowMs = 250;
const longestWindowMs = 3_000;
/** Takes of a window vary: half as many again holds for what comes by chance. */
const safety = 1.5;

export function createWarmPoolPolicy(rules: WarmPoolRules): WarmPoolPolicy {
  /** Takes of the last window. */
  let takes: number[] = [];
  /** How many fell into one window, falling, each with the time it is kept until. */
  let peaks: { count: number; until: number }[] = [];
  let startMs: number | null = null;
  let weight: number | null = null;
  let wakes = 0;
  let lastEnd = Number.NEGATIVE_INFINITY;
  /** Since when the stock is short while wakes are under way. */
  let owedSince: number | null = null;

  /** Twice the time of a start: it begins at the earliest when the take is done. */
  const windowMs = () => Math.min(longestWindowMs, Math.max(shortestWindowMs, 2 * (startMs ?? 0)));
  const recent = (now: number) => (takes = takes.filter((at) => at > now - windowMs())).length;
  /** Takes that a window will bring if they go on. A pace shows in both halves of the last one, a single burst only in one. */
  const pace = (now: number) => {
    const all = recent(now);
    const late = takes.filter((at) => at > now - windowMs() / 2).length;
    return 2 * Math.min(late, all - late);
  };
  const isStale = (now: number, { since, grewBytes }: IdleRunner) => now - since >= rules.oldestMs || grewBytes > rules.leakBytes;

  const wantedNow = (now: number, { idle, freeBytes }: PoolView): number => {
    if (rules.least === 0) return 0;
    peaks = peaks.filter(({ until }) => until > now);
    const each = Math.max(1, weight ?? rules.runnerBytes);
    const budget = Math.min(rules.memoryBytes, rules.memoryShare * (freeBytes + idle.length * each));
    const affordable = Math.min(rules.most, Math.floor(budget / each));
    return Math.max(rules.least, Math.min(affordable, Math.ceil((peaks[0]?.count ?? 0) * safety)));
  };

  /** How long a start that nobody is short of should still wait. */
  const restOf = (now: number): number => {
    if (owedSince === null) return 0;
    const latest = owedSince + rules.longestRestMs;
    const rested = wakes > 0 ? latest : Math.min(latest, lastEnd + rules.restMs);
    return Math.max(0, rested - now);
  };

  return {
    get startMs() {
      return startMs;
    },
    noteTake(now) {
      wakes += 1;
      takes.push(now);
      const count = recent(now);
      while ((peaks.at(-1)?.count ?? Infinity) <= count) peaks.pop();
      peaks.push({ count, until: now + rules.holdMs });
      owedSince ??= now;
    },
    noteWakeEnd(now) {
      wakes = Math.max(0, wakes - 1);
      lastEnd = now;
    },
    noteStart(tookMs) {
      startMs = startMs === null ? tookMs : startMs + (tookMs - startMs) * newest;
    },
    noteWeight(bytes) {
      weight = weight === null ? bytes : weight + (bytes - weight) * newest;
    },
    plan(now, view) {
      const { idle, starting, waiting } = view;
      const wanted = wantedNow(now, view);
      const stale = idle.map((runner, index) => (isStale(now, runner) ? index : -1)).filter((index) => index !== -1);
      const missing = wanted + waiting - (idle.length - stale.length) - starting;
      if (missing <= 0) owedSince = null;
      // If the pace goes on, so many are asked for before what is started now is warm: their wakes come before the rest of others.
      const expected = Math.min(wanted, pace(now));
      const short = waiting + expected - idle.length - starting;
      const restMs = short > 0 || missing <= 0 ? 0 : restOf(now);
      const start = restMs > 0 ? 0 : Math.max(0, Math.min(missing, rules.mostStarting - starting));
      const surplus = waiting > 0 ? 0 : Math.max(0, idle.length - wanted);
      const sound = idle.map((_, index) => index).filter((index) => !stale.includes(index));
      const retire = [...stale, ...sound].slice(0, surplus).sort((left, right) => right - left);
      const moments = [
        restMs > 0 ? now + restMs : Infinity,
        wanted > rules.least ? peaks[0]!.until : Infinity,
        ...idle.filter((_, index) => !stale.includes(index)).map(({ since }) => since + rules.oldestMs),
      ];
      const next = Math.min(...moments);
      return { start, retire, wanted, againInMs: next === Infinity ? null : Math.max(1, next - now) };
    },
    choose(now, idle) {
      const sound = idle.findIndex((runner) => !isStale(now, runner));
      return sound === -1 ? idle.length - 1 : sound;
    },
  };
}
