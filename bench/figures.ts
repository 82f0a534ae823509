/** Figures of a series and their tables. Pure. */

/** MB and KB are 10^6 and 10^3 bytes. */
export type Unit = "ms" | "s" | "µs" | "MB" | "KB" | "req/s" | "%";

/** Some runs of the same thing, in ms unless `unit` says otherwise. */
export interface Series {
  name: string;
  values: number[];
  unit?: Unit;
  /** What the spec wants; shown beside what was measured. */
  aim?: { median?: number; p95?: number; atMost?: number };
  /** The name of the series in the same run that this one is compared with. */
  peer?: string;
}

/** What one scenario brings home. */
export interface Outcome {
  series: Series[];
  /** Sentences for the reader: what was done, and what was counted beside the times. */
  notes: string[];
}

/** The value that the share `part` of all values does not exceed (nearest rank). @throws RangeError for no values. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("no values, no quantile");
  return value;
}

/** The middle one, or between the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? quantile(sorted, 0.5) : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A Markdown table: one row a series, with the ratio to its peer's median where it has one. */
export function toTable(series: readonly Series[]): string {
  const rows = series.map((entry) => {
    const unit = entry.unit ?? "ms";
    const peer = series.find((other) => other.name === entry.peer);
    return [
      entry.name,
      String(entry.values.length),
      withUnit(Math.min(...entry.values), unit),
      withUnit(median(entry.values), unit),
      withUnit(quantile(entry.values, 0.95), unit),
      toAim(entry),
      peer ? `${(median(entry.values) / median(peer.values)).toFixed(2)} × ${peer.name}` : "",
    ];
  });
  const lines = [["", "runs", "least", "median", "p95", "aim", "ratio"], ["---", "---:", "---:", "---:", "---:", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The aim in words; empty where there is none. */
export function toAim({ aim, unit = "ms" }: Pick<Series, "aim" | "unit">): string {
  const parts: string[] = [];
  if (aim?.median !== undefined) parts.push(`median ${withUnit(aim.median, unit)}`);
  if (aim?.p95 !== undefined) parts.push(`p95 ${withUnit(aim.p95, unit)}`);
  if (aim?.atMost !== undefined) parts.push(`≤ ${withUnit(aim.atMost, unit)}`);
  return parts.join(", ");
}

/** `19.3 ms`: as many digits as mean something. */
export function withUnit(value: number, unit: string): string {
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2)} ${unit}`;
}
