import fc from "fast-check";
import { expect, test } from "vitest";
import { createPace } from "./pace.ts";

test("however it is asked, no stretch of time has more turns than the burst and its share", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 300 }),
      (perSecond, burst, gaps) => {
        let time = 0;
        const pace = createPace(perSecond, burst, () => time);
        const turns = gaps.map((gap) => {
          time += gap;
          return time + pace.take();
        });
        expect(turns).toEqual(turns.toSorted((a, b) => a - b));
        for (let from = 0; from < turns.length; from += 7) {
          const span = turns.at(-1)! - turns[from]!;
          expect(turns.length - from).toBeLessThanOrEqual(burst + 2 + (span * perSecond) / 1_000 + 1e-6);
        }
      },
    ),
  );
});

test("who keeps the pace never waits, and the burst comes back with time", () => {
  let time = 0;
  const pace = createPace(10, 3, () => time);
  for (let turn = 0; turn < 50; turn += 1, time += 100) expect(pace.take()).toBe(0);
  time += 1_000;
  expect([pace.take(), pace.take(), pace.take(), pace.take()].map(Math.round)).toEqual([0, 0, 0, 100]);
});
