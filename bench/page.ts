/** The table and the chart of docs/performance.md, made from bench/results: what stands there is what was measured, and a test holds it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toChart } from "./chart.ts";
import { toAim, withUnit } from "./figures.ts";
import { toSentence } from "./machine.ts";
import { readResults, type Result } from "./results.ts";

const docs = join(import.meta.dirname, "../docs");
export const pagePath = join(docs, "performance.md");
export const chartPath = join(docs, "performance.svg");

const mark = { begin: "<!-- bench/results: begin -->", end: "<!-- bench/results: end -->" };
/** In the order of the page; what else was measured follows. */
const order = ["cold-start", "deploy", "storm", "gateway", "density", "sleeping", "pool", "imports", "first-request", "start"];

/** Puts what was measured in the place of what stands between the marks. @throws Error when the page has no marks. */
export function withResults(page: string, results: ReadonlyMap<string, Result>): string {
  const [begin, end] = [page.indexOf(mark.begin), page.indexOf(mark.end)];
  if (begin === -1 || end < begin) throw new Error("docs/performance.md has no marks around its table");
  return `${page.slice(0, begin + mark.begin.length)}\n\n${toPageTable(results)}\n\n${page.slice(end)}`;
}

/** Writes table and chart. */
export async function updatePage(): Promise<void> {
  const results = readResults();
  await writeFile(pagePath, withResults(await readFile(pagePath, "utf8"), results));
  const chart = toChart(results);
  if (chart) await writeFile(chartPath, chart);
}

function toPageTable(results: ReadonlyMap<string, Result>): string {
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = [...results.values()].sort((left, right) => place(left.name) - place(right.name) || left.name.localeCompare(right.name));
  const head = ["| | runs | median | p95 | aim | beside its peer |", "| --- | ---: | ---: | ---: | --- | --- |"];
  const machines = sorted.map(({ name, date, machine }) => `- \`${name}\`, ${date}: ${toSentence(machine)}`);
  return [...head, ...sorted.flatMap(toRows), "", ...machines].join("\n");
}

/** A row for each series that is not itself the peer of another; the scenario's name above them. */
function toRows({ name, series }: Result): string[] {
  const peers = new Set(series.map(({ peer }) => peer));
  const rows = series
    .filter((entry) => !peers.has(entry.name) || entry.peer !== undefined)
    .map((entry) => {
      const unit = entry.unit ?? "ms";
      const peer = series.find((other) => other.name === entry.peer);
      const single = entry.values.length === 1;
      return [
        entry.name,
        String(entry.values.length),
        withUnit(entry.median, unit),
        single ? "" : withUnit(entry.p95, unit),
        toAim(entry),
        peer ? `${(entry.median / peer.median).toFixed(2)} × ${peer.name}, ${withUnit(peer.median, unit)}` : "",
      ];
    });
  return [`| **\`${name}\`** | | | | | |`, ...rows.map((cells) => `| ${cells.join(" | ")} |`)];
}
