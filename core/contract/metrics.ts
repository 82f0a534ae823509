import { z } from "zod";

/** How far back the figures of an app go. */
export const metricsWindowSchema = z.enum(["24h", "7d"]);
export type MetricsWindow = z.infer<typeof metricsWindowSchema>;

const count = z.number().int();
/** Null where nothing was asked. */
const duration = z.number().nullable();

/** One hour of an app; the last one is under way. */
export const metricsHourSchema = z.object({
  at: z.iso.datetime().describe("When the hour began"),
  requests: count,
  errors: count.describe("Answered with 5xx"),
  clientErrors: count.describe("Answered with 4xx"),
  p50Ms: duration,
  p95Ms: duration,
  coldStarts: count,
});
export type MetricsHour = z.infer<typeof metricsHourSchema>;

/** What an app answered over a span, from its hourly sums. Percentiles are within 5 %. */
export const metricsSchema = z.object({
  requests: count,
  errors: count,
  clientErrors: count,
  avgMs: duration,
  p50Ms: duration,
  p95Ms: duration,
  p99Ms: duration,
  coldStarts: count,
  coldP95Ms: duration.describe("What 95 % of cold starts took at most"),
  series: z.array(metricsHourSchema),
});
export type AppMetrics = z.infer<typeof metricsSchema>;
