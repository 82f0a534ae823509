import { expect, it } from "vitest";
import { createAges } from "./ages.ts";
import { planRepairs } from "./repairs.ts";
import { makePod } from "./views.test-part.ts";

const hour = 3_600_000;

it("a pod is as old as this process has seen it in its state, and forgotten when it is gone", () => {
  const ages = createAges();
  const loading = makePod({ state: "loading" });
  expect(ages.look([loading], 1_000)(loading)).toBe(0);
  expect(ages.look([loading], 5_000)(loading)).toBe(4_000);
  const serving = { ...loading, state: "serving" as const };
  expect(ages.look([serving], 6_000)(serving)).toBe(0);
  ages.look([], 7_000);
  expect(ages.look([serving], 8_000)(serving)).toBe(0);
});

it.each([hour, -hour])("a deployment by a machine whose clock is %d ms off is left alone, and given up in its time", (offMs) => {
  const ages = createAges();
  const pod = makePod({ state: "loading", owned: false, claimedAt: Date.now() + offMs, createdAt: Date.now() + offMs });
  const plan = (now: number) =>
    planRepairs({ deployments: [], pods: [pod], live: new Set(["a1"]), ageMs: ages.look([pod], now), accepts: () => false, parkAfter: 9 });
  expect(plan(0)).toEqual([]);
  expect(plan(2 * 60_000)).toEqual([]);
  expect(plan(3 * 60_000 + 1)).toEqual([{ do: "deletePod", pod, why: "abandoned" }]);
});
