/** What a run leaves in `bench/results/<name>.json`, and how it is read again. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { median, quantile, type Outcome, type Series } from "./figures.ts";
import type { Machine } from "./machine.ts";

export interface Result {
  name: string;
  command: string;
  /** When the run began, to the day. */
  date: string;
  machine: Machine;
  series: (Series & { median: number; p95: number })[];
  notes: string[];
}

export const resultsDir = join(import.meta.dirname, "results");

const round = (value: number): number => Math.round(value * 100) / 100;

export function toResult(name: string, date: string, machine: Machine, { series, notes }: Outcome): Result {
  return {
    name,
    command: `npm run bench -- ${name}`,
    date,
    machine,
    series: series.map((entry) => ({
      ...entry,
      unit: entry.unit ?? "ms",
      values: entry.values.map(round),
      median: round(median(entry.values)),
      p95: round(quantile(entry.values, 0.95)),
    })),
    notes,
  };
}

/** All results that are there, by name. */
export function readResults(folder: string = resultsDir): Map<string, Result> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const results = names.sort().map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Result);
  return new Map(results.map((result) => [result.name, result]));
}
