/**
 * The chart of docs/performance.md: one SVG without dependencies. Times on one logarithmic scale, a mark at the median and a line to
 * the p95: what was measured here, what was measured beside it in the same run, and what others publish. Then costs, as bars. Pure.
 */
import { withUnit } from "./figures.ts";
import { publishedDeploys, publishedWakes, type Published } from "./published.ts";
import type { Result } from "./results.ts";

/** `ours` and `beside` were measured in one run; `published` is somebody's word, and drawn hollow. */
type Kind = "ours" | "beside" | "published";

interface Row {
  label: string;
  kind: Kind;
  median: number;
  p95: number | undefined;
}

interface Panel {
  title: string;
  /** Times share the logarithmic scale; each panel of costs has its own, from 0. */
  unit: "ms" | "µs" | "MB";
  rows: Row[];
}

const width = 900;
const plot = { left: 310, right: 760 };
const rowHeight = 24;
const panelHead = 44;
const axisHeight = 26;
const top = 62;
const bottom = 12;
const scale = { from: 10, to: 5_000 };
const ticks = [10, 30, 100, 300, 1_000, 3_000];

/** The chart of all results that it knows; null while neither cold starts nor deployments were measured. */
export function toChart(results: ReadonlyMap<string, Result>): string | null {
  const times = [
    toTimes("Asleep → first answer", results.get("cold-start"), publishedWakes),
    toTimes("Press → the new version answers", results.get("deploy"), publishedDeploys),
  ].filter((panel) => panel !== null);
  if (times.length === 0) return null;
  const costs = [
    toCosts("Gateway: CPU per request", "µs", results.get("gateway"), /^CPU per request: (?!.*(beside nginx|whole platform))/),
    toCosts("Memory of an awake app, its own alone", "MB", results.get("density"), /private(, at \d+)?$/, /zygote/),
  ].filter((panel) => panel !== null);
  const parts: string[] = [];
  let y = top;
  const draw = (panel: Panel): void => {
    parts.push(drawPanel(panel, y));
    y += panelHead + panel.rows.length * rowHeight;
  };
  times.forEach(draw);
  parts.push(drawAxis(y + 16));
  y += axisHeight;
  costs.forEach(draw);
  return frame(y + bottom, describe([...times, ...costs]), [drawLegend(), ...parts].join("\n"));
}

function toTimes(title: string, result: Result | undefined, published: readonly Published[]): Panel | null {
  if (!result) return null;
  const said = published.map(({ who, medianMs, p95Ms }): Row => ({ label: who, kind: "published", median: medianMs, p95: p95Ms }));
  return { title, unit: "ms", rows: inOrder([...toRows(result), ...said]) };
}

function toCosts(title: string, unit: Panel["unit"], result: Result | undefined, chosen: RegExp, except?: RegExp): Panel | null {
  const rows = result ? toRows(result, (name) => chosen.test(name) && !except?.test(name)) : [];
  return rows.length === 0 ? null : { title, unit, rows: inOrder(rows) };
}

/** What is somebody's peer was measured beside it; the rest is ours. */
function toRows({ series }: Result, isShown: (name: string) => boolean = () => true): Row[] {
  const peers = new Set(series.map(({ peer }) => peer));
  return series
    .filter(({ name }) => isShown(name))
    .map(({ name, median, p95, peer }) => ({
      label: shorten(name),
      kind: peers.has(name) || isPeers(name, peer) ? "beside" : "ours",
      median,
      p95,
    }));
}

/** A peer that nothing names as its peer, as nginx with more headers. */
const isPeers = (name: string, peer: string | undefined): boolean => peer === undefined && /nginx|Go's|uvicorn/.test(name);

const inOrder = (rows: readonly Row[]): Row[] => [...rows].sort((left, right) => left.median - right.median);

const shorten = (name: string): string =>
  name
    .replace(/^asleep → 200, /, "FastAPI Platform, ")
    .replace(/ → .*/, "")
    .replace(/^(Deploy|Roll back)$/, "FastAPI Platform, $1")
    .replace(/^CPU per request: /, "")
    .replace(/^gateway/, "FastAPI Platform")
    .replace(/^an awake app/, "FastAPI Platform")
    .replace(/, private/, "");

function xOf(ms: number): number {
  const part = Math.log(Math.min(Math.max(ms, scale.from), scale.to) / scale.from) / Math.log(scale.to / scale.from);
  return Math.round((plot.left + part * (plot.right - plot.left)) * 10) / 10;
}

function drawPanel({ title, unit, rows }: Panel, y: number): string {
  const end = y + panelHead + rows.length * rowHeight;
  const shownTicks = unit === "ms" ? ticks : [];
  const grid = shownTicks.map((tick) => `<line class="grid" x1="${xOf(tick)}" x2="${xOf(tick)}" y1="${y + 32}" y2="${end - 6}"/>`);
  const most = Math.max(...rows.map(({ median }) => median));
  const drawn = rows.map((row, index) => {
    const at = y + panelHead + index * rowHeight;
    return unit === "ms" ? drawTime(row, at) : drawCost(row, unit, most, at);
  });
  return [`<text class="title" x="16" y="${y + 22}">${escape(title)}</text>`, ...grid, ...drawn].join("\n");
}

function drawTime(row: Row, y: number): string {
  const { kind, median, p95 } = row;
  const [x, end, middle] = [xOf(median), xOf(p95 ?? median), y + 8];
  const line = p95 === undefined ? "" : `<line class="range ${kind}" x1="${x}" x2="${end}" y1="${middle}" y2="${middle}"/>`;
  // Told apart by shape as well as by colour.
  const mark =
    kind === "beside"
      ? `<rect class="mark beside" x="${x - 5}" y="${middle - 5}" width="10" height="10"/>`
      : `<circle class="mark ${kind}" cx="${x}" cy="${middle}" r="5"/>`;
  const value = `${withUnit(median, "ms")}${p95 === undefined ? "" : `, p95 ${withUnit(p95, "ms")}`}`;
  return [drawLabel(row, y), line + mark, drawValue(value, end, y)].join("\n");
}

function drawCost(row: Row, unit: string, most: number, y: number): string {
  const length = Math.max(2, Math.round(((plot.right - plot.left) * row.median * 10) / most) / 10);
  const bar = `<rect class="mark ${row.kind}" x="${plot.left}" y="${y + 1}" width="${length}" height="14"/>`;
  return [drawLabel(row, y), bar, drawValue(withUnit(row.median, unit), plot.left + length, y)].join("\n");
}

const drawLabel = ({ label, kind }: Row, y: number): string =>
  `<text class="label${kind === "ours" ? " strong" : ""}" x="${plot.left - 14}" y="${y + 12}">${escape(label)}</text>`;
const drawValue = (value: string, x: number, y: number): string =>
  `<text class="value" x="${x + 11}" y="${y + 12}">${escape(value)}</text>`;

function drawLegend(): string {
  return [
    '<circle class="mark ours" cx="22" cy="26" r="5"/><text class="legend" x="34" y="30">measured here</text>',
    '<rect class="mark beside" x="147" y="21" width="10" height="10"/><text class="legend" x="164" y="30">measured beside it, same run</text>',
    '<circle class="mark published" cx="372" cy="26" r="5"/><text class="legend" x="384" y="30">published by others: their machines, their methods</text>',
    '<text class="legend" x="16" y="52">Times: median, and a line to the p95, on a logarithmic scale. Costs: bars from 0. Less is better.</text>',
  ].join("\n");
}

const drawAxis = (y: number): string =>
  ticks
    .map((tick) => `<text class="tick" x="${xOf(tick)}" y="${y}">${tick < 1_000 ? `${tick} ms` : `${tick / 1_000} s`}</text>`)
    .join("\n");

const describe = (panels: readonly Panel[]): string =>
  panels
    .map(({ title, rows }) => `${title}: ${rows.map(({ label, median }) => `${label} ${withUnit(median, "ms")}`).join(", ")}.`)
    .join(" ");

const light = "--page:#ffffff;--text:#1f2328;--muted:#59636e;--grid:#d8dee4;--ours:#0969da;--beside:#bc4c00";
const dark = "--page:#0d1117;--text:#f0f6fc;--muted:#9198a1;--grid:#30363d;--ours:#4493f8;--beside:#f0883e";

/** It brings its own background: a page in the other theme than the system's stays readable around it. */
function frame(height: number, description: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">How long an app takes to wake and to deploy, and what it costs</title>
<desc id="description">${escape(description)}</desc>
<style>
:root{${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:var(--text)}
.title{font-weight:600;font-size:15px}
.label{text-anchor:end}
.strong{font-weight:600}
.value,.legend,.tick{fill:var(--muted);font-size:12px}
.value{paint-order:stroke;stroke:var(--page);stroke-width:4px}
.tick{text-anchor:middle}
.grid{stroke:var(--grid)}
.mark{stroke-width:2}
.mark.ours{fill:var(--ours);stroke:var(--ours)}
.mark.beside{fill:var(--beside);stroke:var(--beside)}
.mark.published{fill:var(--page);stroke:var(--muted)}
.range{stroke-width:2}
.range.ours{stroke:var(--ours)}
.range.beside{stroke:var(--beside)}
.range.published{stroke:var(--muted)}
</style>
<rect width="${width}" height="${height}" rx="8" fill="var(--page)"/>
${content}
</svg>
`;
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
