import type { AppMetrics, MetricsHour, MetricsWindow } from "#core/contract/metrics.ts";
import { mergeHistograms, percentile } from "./histogram.ts";
import type { LastDay } from "./index.ts";
import { hourMs, hourOf, nothing, type HourCounts, type HourSums } from "./hours.ts";

const hoursOf: Record<MetricsWindow, number> = { "24h": 24, "7d": 7 * 24 };

/** When the first hour of a span began that ends with the hour of `now`. */
export const beginOf = (window: MetricsWindow, now: Date): Date => new Date(hourOf(now).getTime() - (hoursOf[window] - 1) * hourMs);

/** The figures of an app, hour by hour. */
export function toMetrics(found: readonly HourSums[], window: MetricsWindow, now: Date): AppMetrics {
  const hours = everyHour(found, window, now, nothing("", now));
  return { ...toTotals(hours), series: hours.map(toHour) };
}

export function toLastDay(found: readonly HourCounts[], now: Date): LastDay {
  const hours = everyHour(found, "24h", now, nothing("", now)).map(({ requests, errors }) => [requests, errors] as const);
  const sum = (index: 0 | 1) => hours.reduce((total, hour) => total + hour[index], 0);
  return { requests: sum(0), errors: sum(1), hours };
}

/** All hours of the span, also those in which nothing was asked. */
function everyHour<Of extends { hour: Date }>(found: readonly Of[], window: MetricsWindow, now: Date, none: Of): Of[] {
  const begin = beginOf(window, now).getTime();
  const byHour = new Map(found.map((sums) => [sums.hour.getTime(), sums]));
  return Array.from({ length: hoursOf[window] }, (_, index) => {
    const at = begin + index * hourMs;
    return byHour.get(at) ?? { ...none, hour: new Date(at) };
  });
}

/** The figures of several hours, of one app or many, together. */
export function toTotals(hours: readonly HourSums[]): Omit<AppMetrics, "series"> {
  const sum = (name: "requests" | "errors" | "clientErrors" | "coldStarts" | "sumMs") =>
    hours.reduce((total, each) => total + each[name], 0);
  const latency = mergeHistograms(hours.map((each) => each.latency));
  const requests = sum("requests");
  return {
    requests,
    errors: sum("errors"),
    clientErrors: sum("clientErrors"),
    avgMs: requests === 0 ? null : Math.round((sum("sumMs") / requests) * 10) / 10,
    p50Ms: percentile(latency, 0.5),
    p95Ms: percentile(latency, 0.95),
    p99Ms: percentile(latency, 0.99),
    coldStarts: sum("coldStarts"),
    coldP95Ms: percentile(mergeHistograms(hours.map((each) => each.cold)), 0.95),
  };
}

const toHour = ({ hour, requests, errors, clientErrors, coldStarts, latency }: HourSums): MetricsHour => ({
  at: hour.toISOString(),
  requests,
  errors,
  clientErrors,
  p50Ms: percentile(latency, 0.5),
  p95Ms: percentile(latency, 0.95),
  coldStarts,
});
