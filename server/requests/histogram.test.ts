import fc from "fast-check";
import { expect, test } from "vitest";
import { mergeHistograms, percentile, stepOf, type Histogram } from "./histogram.ts";

const toHistogram = (values: readonly number[]): Histogram => mergeHistograms(values.map((value) => ({ [stepOf(value)]: 1 })));

test("a percentile is within a tenth of the true one, whatever was measured and however it was split", () => {
  const durations = fc.array(fc.double({ min: 0.2, max: 1_000_000, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), fc.nat(300), (values, share, cut) => {
      const sorted = values.toSorted((a, b) => a - b);
      const wanted = sorted[Math.max(0, Math.ceil(sorted.length * share - 1e-9) - 1)]!;
      const found = percentile(mergeHistograms([toHistogram(values.slice(0, cut)), toHistogram(values.slice(cut))]), share)!;
      // Half a step of 10 %, and what rounding to a tenth of a ms adds.
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(wanted * 0.06 + 0.06 + (wanted >= 10 ? 0.5 : 0));
    }),
  );
});

test("nothing has no percentile; what is out of range falls into the first or the last step", () => {
  expect(percentile({}, 0.5)).toBeNull();
  expect([stepOf(0), stepOf(-1), stepOf(0.05)]).toEqual([0, 0, 0]);
  expect(stepOf(1e12)).toBe(stepOf(1e13));
});
