/**
 * How long things took, as counts in steps that grow by a tenth: percentiles of any span are read from the sum of its counts, within 5 %,
 * whatever the number of requests. Pure.
 */

/** Counts by step; a step without any is left out. */
export type Histogram = Readonly<Record<string, number>>;

const leastMs = 0.1;
const growth = 1.1;
/** Of five hours; whatever took longer counts as that. */
const lastStep = 200;

/** The step that a duration falls in. */
export const stepOf = (ms: number): number =>
  Math.min(lastStep, Math.max(0, Math.floor(Math.log(Math.max(ms, leastMs) / leastMs) / Math.log(growth))));

/** The same as an aggregation's expression, over `field` (as `"$latencyMs"`). */
export const stepExpression = (field: string) => ({
  $min: [lastStep, { $max: [0, { $floor: { $divide: [{ $ln: { $divide: [{ $max: [field, leastMs] }, leastMs] } }, Math.log(growth)] } }] }],
});

/** A duration that stands for its step: the middle, by ratio. */
const middleOf = (step: number): number => leastMs * growth ** (step + 0.5);

/** The counts of several together. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const merged: Record<string, number> = {};
  for (const each of histograms) for (const [step, count] of Object.entries(each)) merged[step] = (merged[step] ?? 0) + count;
  return merged;
}

/** The duration in ms that `share` (0 to 1) of all stayed under; null where there is none. */
export function percentile(histogram: Histogram, share: number): number | null {
  const steps = Object.keys(histogram)
    .map(Number)
    .sort((a, b) => a - b);
  const all = steps.reduce((sum, step) => sum + histogram[step]!, 0);
  let seen = 0;
  for (const step of steps) {
    seen += histogram[step]!;
    if (seen >= all * share) return toTenth(middleOf(step));
  }
  return null;
}

const toTenth = (ms: number): number => (ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms));
