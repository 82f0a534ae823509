import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultRules } from "./local/pool.ts";
import { createWarmPoolPolicy, type IdleRunner, type WarmPoolRules } from "./warm-pool.ts";

const MiB = 1_048_576;
// What the machine's own pool does, so that it is what is tested.
const rules: WarmPoolRules = { ...defaultRules, least: 2, mostStarting: 2 };
const plenty = 64 * 1024 * MiB;

interface Machine {
  /** From the start of a runner to its being warm. */
  startMs: number;
  /** From a take to its wake's end. */
  wakeMs: number;
  freeBytes?: number;
}

/** A pool in simulated time, doing what the policy says: events in their order, no clock. */
function simulate(own: Partial<WarmPoolRules>, machine: Machine, takesAt: readonly number[], until: number) {
  const given = { ...rules, ...own };
  const policy = createWarmPoolPolicy(given);
  const events: { at: number; run: () => void }[] = [];
  const idle: IdleRunner[] = [];
  const sizes: { at: number; idle: number }[] = [];
  const waits: number[] = [];
  const waiters: number[] = [];
  let now = 0;
  let starting = 0;
  let most = 0;
  let warm = 0;
  /** When the policy wants to be asked again. */
  let look = Infinity;
  let startsInWakes = 0;
  let wakesNow = 0;

  const later = (ms: number, run: () => void) => events.push({ at: now + ms, run });
  const serve = (since: number) => {
    waits.push(now - since);
    wakesNow += 1;
    later(machine.wakeMs, () => {
      wakesNow -= 1;
      policy.noteWakeEnd(now);
    });
  };
  const act = () => {
    const view = { idle, starting, waiting: waiters.length, freeBytes: machine.freeBytes ?? plenty };
    const plan = policy.plan(now, view);
    for (const index of plan.retire) idle.splice(index, 1);
    if (plan.start > 0 && wakesNow > 0 && waiters.length === 0) startsInWakes += plan.start;
    for (let count = 0; count < plan.start; count++) {
      starting += 1;
      later(machine.startMs, () => {
        starting -= 1;
        policy.noteStart(machine.startMs);
        const waiter = waiters.shift();
        if (waiter === undefined) idle.push({ since: now, grewBytes: 0 });
        else serve(waiter);
      });
    }
    most = Math.max(most, starting);
    sizes.push({ at: now, idle: idle.length });
    look = plan.againInMs === null ? Infinity : now + plan.againInMs;
  };

  for (const at of takesAt)
    events.push({
      at,
      run: () => {
        policy.noteTake(now);
        const index = policy.choose(now, idle);
        if (index === -1) waiters.push(now);
        else {
          warm += 1;
          idle.splice(index, 1);
          serve(now);
        }
      },
    });
  act();
  for (;;) {
    const next = events.reduce((first, event, index) => (event.at < (events[first]?.at ?? Infinity) ? index : first), -1);
    now = Math.min(look, events[next]?.at ?? Infinity);
    if (now > until) break;
    if (now < look) events.splice(next, 1)[0]!.run();
    act();
  }
  const sizeAt = (at: number) => sizes.findLast((size) => size.at <= at)?.idle ?? 0;
  return { policy, idle, sizes, sizeAt, waits, waiting: waiters.length, most, warm, startsInWakes };
}

/** Takes at random, `perSecond` on average. */
function randomTakes(perSecond: number, fromMs: number, untilMs: number, seed: number): number[] {
  let state = seed >>> 0 || 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 4_294_967_297;
  };
  const takes: number[] = [];
  for (let at = fromMs - (Math.log(random()) * 1000) / perSecond; at < untilMs; at -= (Math.log(random()) * 1000) / perSecond)
    takes.push(at);
  return takes;
}

describe("the size of the pool", () => {
  test("is WARM_POOL while nothing is woken", () => {
    const { idle, sizes } = simulate({}, { startMs: 40, wakeMs: 20 }, [], 120_000);
    expect(idle).toHaveLength(2);
    expect(Math.max(...sizes.map((size) => size.idle))).toBe(2);
  });

  test.each([
    [15, 2],
    [40, 2],
    [150, 4],
    [400, 12],
  ])("20 wakes a second for 30 s find a warm runner nine times of ten where a start takes %i ms, %i at once", (startMs, mostStarting) => {
    for (let seed = 1; seed <= 10; seed++) {
      const takes = randomTakes(20, 1_000, 31_000, seed);
      const { warm } = simulate({ mostStarting }, { startMs, wakeMs: 30 }, takes, 120_000);
      expect(warm / takes.length, `seed ${seed}`).toBeGreaterThanOrEqual(0.9);
    }
  });

  test("… and at a steady pace as well", () => {
    const takes = Array.from({ length: 600 }, (_, index) => 1_000 + index * 50);
    expect(simulate({}, { startMs: 40, wakeMs: 30 }, takes, 60_000).warm / takes.length).toBeGreaterThanOrEqual(0.95);
  });

  test("grows with the pace, and is back at WARM_POOL within 60 s of quiet", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { sizeAt, sizes } = simulate({}, { startMs: 40, wakeMs: 30 }, randomTakes(20, 1_000, 31_000, seed), 200_000);
      expect(Math.max(...sizes.map((size) => size.idle))).toBeGreaterThan(4);
      expect(sizeAt(91_000)).toBe(2);
    }
  });

  test("a slow machine keeps more than a fast one, since its starts take longer", () => {
    const takes = randomTakes(20, 1_000, 31_000, 7);
    const largest = (startMs: number) =>
      Math.max(...simulate({ mostStarting: 20 }, { startMs, wakeMs: 30 }, takes, 40_000).sizes.map((size) => size.idle));
    expect(largest(500)).toBeGreaterThan(largest(40));
  });

  test("never exceeds what its memory pays for, or a share of what is free", () => {
    const takes = randomTakes(100, 0, 20_000, 3);
    const largest = (own: Partial<WarmPoolRules>, freeBytes = plenty) =>
      Math.max(...simulate(own, { startMs: 300, wakeMs: 30, freeBytes }, takes, 30_000).sizes.map((size) => size.idle));
    expect(largest({ mostStarting: 50 })).toBeGreaterThan(20);
    expect(largest({ mostStarting: 50, memoryBytes: 5 * 16 * MiB })).toBeLessThanOrEqual(5);
    expect(largest({ mostStarting: 50 }, 12 * 16 * MiB)).toBeLessThanOrEqual(12);
    expect(largest({ mostStarting: 50, most: 8 })).toBeLessThanOrEqual(8);
  });

  test("what runners really weigh decides how many are paid for", () => {
    const policy = createWarmPoolPolicy({ ...rules, memoryBytes: 100 * MiB });
    for (let take = 0; take < 40; take++) policy.noteTake(1);
    const view = { idle: [], starting: 0, waiting: 0, freeBytes: plenty };
    expect(policy.plan(1, view).wanted).toBe(6);
    for (let time = 0; time < 30; time++) policy.noteWeight(5 * MiB);
    expect(policy.plan(1, view).wanted).toBe(20);
    for (let time = 0; time < 60; time++) policy.noteWeight(200 * MiB);
    expect(policy.plan(1, view).wanted, "never under WARM_POOL").toBe(2);
  });

  test("WARM_POOL=0 keeps none, and starts one for each who comes", () => {
    const takes = randomTakes(20, 0, 5_000, 5);
    const { sizes, waits, warm } = simulate({ least: 0, mostStarting: 50 }, { startMs: 100, wakeMs: 20 }, takes, 60_000);
    expect(Math.max(...sizes.map((size) => size.idle))).toBe(0);
    expect(warm).toBe(0);
    expect(waits).toHaveLength(takes.length);
  });
});

describe("a wake comes before the stock", () => {
  test("one wake is left alone until its app has answered and rested", () => {
    const policy = createWarmPoolPolicy(rules);
    const idle = [{ since: 0, grewBytes: 0 }];
    const view = { idle, starting: 0, waiting: 0, freeBytes: plenty };
    policy.noteTake(1_000);
    expect(policy.plan(1_000, view)).toMatchObject({ start: 0, againInMs: 500 });
    policy.noteWakeEnd(1_030);
    expect(policy.plan(1_030, view)).toMatchObject({ start: 0, againInMs: 50 });
    expect(policy.plan(1_080, view).start).toBe(1);
  });

  test("a wake that lasts holds the next start back for half a second at most", () => {
    const policy = createWarmPoolPolicy(rules);
    const view = { idle: [{ since: 0, grewBytes: 0 }], starting: 0, waiting: 0, freeBytes: plenty };
    policy.noteTake(1_000);
    expect(policy.plan(1_499, view).start).toBe(0);
    expect(policy.plan(1_500, view).start).toBe(1);
  });

  test("who found the pool empty waits for no rest", () => {
    const policy = createWarmPoolPolicy(rules);
    for (const at of [1_000, 1_001, 1_002]) policy.noteTake(at);
    expect(policy.plan(1_002, { idle: [], starting: 0, waiting: 1, freeBytes: plenty }).start).toBe(2);
  });

  test("a burst is served first; what it leaves to refill waits until it has ended", () => {
    const takes = Array.from({ length: 30 }, () => 10_000);
    const { waits, startsInWakes } = simulate({ mostStarting: 4 }, { startMs: 40, wakeMs: 30 }, takes, 60_000);
    expect(waits).toHaveLength(30);
    expect(Math.max(...waits)).toBeLessThanOrEqual(7 * 40 + 1);
    // Those that were started with the last waiters may come out over.
    expect(startsInWakes).toBeLessThan(8);
  });
});

describe("runners are replaced", () => {
  const view = (idle: IdleRunner[], starting = 0) => ({ idle, starting, waiting: 0, freeBytes: plenty });
  const sound = { since: 3_000_000, grewBytes: 0 };

  test.each([
    ["waited for an hour", { since: 0, grewBytes: 0 }],
    ["grew while it only waited", { since: 3_000_000, grewBytes: 17 * MiB }],
  ])("when one %s, after the next is warm, and it is handed out last", (_why, stale) => {
    const policy = createWarmPoolPolicy(rules);
    const now = 3_600_000;
    expect(policy.plan(now, view([stale, sound]))).toMatchObject({ start: 1, retire: [] });
    expect(policy.plan(now, view([stale, sound], 1))).toMatchObject({ start: 0, retire: [] });
    expect(policy.plan(now, view([stale, sound, sound]))).toMatchObject({ start: 0, retire: [0] });
    expect(policy.choose(now, [stale, sound])).toBe(1);
    expect(policy.choose(now, [stale])).toBe(0);
    expect(policy.choose(now, [])).toBe(-1);
  });

  test("an hour is noticed without anything happening", () => {
    const policy = createWarmPoolPolicy(rules);
    expect(policy.plan(3_000_001, view([sound, { ...sound, since: 3_000_001 }])).againInMs).toBe(3_599_999);
  });
});

test("whatever happens, nobody waits for ever, starts and stock keep their bounds, and quiet ends at WARM_POOL", () => {
  fc.assert(
    fc.property(
      fc.record({
        least: fc.integer({ min: 1, max: 8 }),
        extra: fc.integer({ min: 0, max: 30 }),
        mostStarting: fc.integer({ min: 1, max: 8 }),
        startMs: fc.integer({ min: 1, max: 2_000 }),
        wakeMs: fc.integer({ min: 1, max: 3_000 }),
        takes: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 120 }),
      }),
      ({ least, extra, mostStarting, startMs, wakeMs, takes }) => {
        const most = least + extra;
        const end = 20_000 + (takes.length + most) * startMs + rules.holdMs + 60_000;
        const ran = simulate({ least, most, mostStarting }, { startMs, wakeMs }, takes, end);
        expect(ran.waiting).toBe(0);
        expect(ran.waits).toHaveLength(takes.length);
        expect(ran.most).toBeLessThanOrEqual(mostStarting);
        // What was started for waiters that a runner served meanwhile may come on top.
        expect(Math.max(...ran.sizes.map((size) => size.idle))).toBeLessThanOrEqual(most + mostStarting);
        expect(ran.idle).toHaveLength(least);
      },
    ),
    { numRuns: 150 },
  );
});
