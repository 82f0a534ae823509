/** Requests, latency and cold starts by the hour. By keyboard: Tab to a chart, then the arrows go through its hours. */
import type { ReactNode } from "react";
import { Bar, BarChart, CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatMs } from "#app/components/format-ms.ts";
import type { Version } from "#core/contract/deployment.ts";
import type { AppMetrics, MetricsHour } from "#core/contract/metrics.ts";

interface Point extends MetricsHour {
  /** What is no 5xx. */
  answered: number;
}

const hourMs = 3_600_000;
/** Whatever the app answers, an hour has one width; the axis of values has room for "9,999". */
const frame = { accessibilityLayer: true, margin: { top: 8, right: 4, bottom: 0, left: 0 } };
const axis = { stroke: "var(--muted-foreground)", fontSize: 11, tickLine: false, axisLine: false } as const;

export function MetricsCharts({ metrics, versions }: { metrics: AppMetrics; versions: readonly Version[] }) {
  const points = metrics.series.map((hour): Point => ({ ...hour, answered: hour.requests - hour.errors }));
  const week = points.length > 24;
  const marks = marksOf(versions, points);
  const common = [
    <CartesianGrid key="grid" vertical={false} stroke="var(--border)" />,
    <XAxis key="x" {...axis} dataKey="at" tickFormatter={(at: string) => toTick(at, week)} minTickGap={40} />,
    <Tooltip
      key="tooltip"
      isAnimationActive={false}
      cursor={{ fill: "var(--accent)", stroke: "var(--border)" }}
      content={({ active, payload }) => (active ? <Told point={payload[0]?.payload as Point | undefined} marks={marks} /> : null)}
    />,
    ...[...marks].map(([at, numbers]) => (
      <ReferenceLine
        key={at}
        x={at}
        stroke="var(--deploying)"
        strokeDasharray="3 3"
        label={{
          value: `v${numbers.at(-1)}`,
          position: isLate(at, points) ? "insideTopRight" : "insideTopLeft",
          fontSize: 10,
          fill: "var(--muted-foreground)",
        }}
      />
    )),
  ];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <Chart
        name="Requests by the hour"
        legend={[
          ["Answered", "bg-primary"],
          ["Errors", "bg-error"],
        ]}
        className="h-28"
      >
        <BarChart data={points} {...frame} title="Requests by the hour">
          <YAxis {...axis} width={44} allowDecimals={false} />
          {common}
          <Bar dataKey="answered" stackId="all" fill="var(--primary)" isAnimationActive={false} />
          <Bar dataKey="errors" stackId="all" fill="var(--error)" isAnimationActive={false} />
        </BarChart>
      </Chart>
      <Chart
        name="Latency by the hour"
        legend={[
          ["p50", "bg-sleeping"],
          ["p95", "bg-deploying"],
        ]}
        className="h-28"
      >
        <LineChart data={points} {...frame} title="Latency by the hour">
          <YAxis {...axis} width={44} tickFormatter={(ms: number) => (ms === 0 ? "0" : formatMs(ms))} />
          {common}
          {/* An hour between two in which nothing was asked has no line: a dot shows it. */}
          <Line dataKey="p50Ms" stroke="var(--sleeping)" strokeWidth={1.5} dot={{ r: 1.5 }} isAnimationActive={false} />
          <Line dataKey="p95Ms" stroke="var(--deploying)" strokeWidth={1.5} dot={{ r: 1.5 }} isAnimationActive={false} />
        </LineChart>
      </Chart>
    </div>
  );
}

interface ChartProps {
  name: string;
  legend: readonly (readonly [name: string, colour: string])[];
  className: string;
  children: ReactNode;
}

function Chart({ name, legend, className, children }: ChartProps) {
  return (
    <figure aria-label={name}>
      <figcaption className="flex flex-wrap items-baseline gap-x-3 text-xs text-muted-foreground">
        {name}
        {legend.map(([word, colour]) => (
          <span key={word} className="flex items-center gap-1.5">
            <span aria-hidden className={`size-2 rounded-xs ${colour}`} />
            {word}
          </span>
        ))}
      </figcaption>
      <div className={className}>
        <ResponsiveContainer width="100%" height="100%">
          {children}
        </ResponsiveContainer>
      </div>
    </figure>
  );
}

/** One hour in words, beside the pointer or at the arrow keys' place. */
function Told({ point, marks }: { point: Point | undefined; marks: ReadonlyMap<string, readonly number[]> }) {
  if (point === undefined) return null;
  const { at, requests, errors, clientErrors, p50Ms, p95Ms, coldStarts } = point;
  const rows: [string, string][] = [
    ["Requests", requests.toLocaleString("en")],
    ...(clientErrors > 0 ? [["4xx", clientErrors.toLocaleString("en")] as [string, string]] : []),
    ...(errors > 0 ? [["Errors", errors.toLocaleString("en")] as [string, string]] : []),
    ...(p50Ms === null ? [] : [["p50", formatMs(p50Ms)] as [string, string]]),
    ...(p95Ms === null ? [] : [["p95", formatMs(p95Ms)] as [string, string]]),
    ...(coldStarts > 0 ? [["Cold starts", coldStarts.toLocaleString("en")] as [string, string]] : []),
  ];
  return (
    <div role="status" className="rounded-md border bg-popover px-2.5 py-2 text-xs text-popover-foreground shadow-popup">
      <p className="mb-1 font-medium">{toHour(at)}</p>
      <dl className="grid grid-cols-[auto_auto] gap-x-4 tabular-nums">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted-foreground">{name}</dt>
            <dd className="text-right">{value}</dd>
          </div>
        ))}
      </dl>
      {marks.get(at)?.map((number) => (
        <p key={number} className="mt-1">
          Version {number} was deployed
        </p>
      ))}
    </div>
  );
}

/** The versions that were made in each hour shown, by the hour's time. */
function marksOf(versions: readonly Version[], points: readonly Point[]): Map<string, number[]> {
  const marks = new Map<string, number[]>();
  for (const { number, createdAt } of versions.toReversed()) {
    const at = new Date(Math.floor(Date.parse(createdAt) / hourMs) * hourMs).toISOString();
    if (points.some((point) => point.at === at)) marks.set(at, [...(marks.get(at) ?? []), number]);
  }
  return marks;
}

/** So near the end that a word behind it would be cut off. */
const isLate = (at: string, points: readonly Point[]): boolean =>
  points.slice(-Math.ceil(points.length / 12)).some((point) => point.at === at);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });
const toTick = (at: string, week: boolean): string => (week ? day : clock).format(new Date(at));
const toHour = (at: string): string =>
  `${day.format(new Date(at))}, ${clock.format(new Date(at))} to ${clock.format(new Date(Date.parse(at) + hourMs))}`;
