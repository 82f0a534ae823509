/** What the app answered over a day or a week: its figures, and charts of them. */
import { ChartColumnIcon } from "lucide-react";
import { lazy, Suspense, useSyncExternalStore, type ReactNode } from "react";
import { Link } from "react-router";
import { formatMs } from "#app/components/format-ms.ts";
import { Card, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { cn } from "#app/components/ui/cn.ts";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Skeleton } from "#app/components/ui/skeleton.tsx";
import type { Version } from "#core/contract/deployment.ts";
import type { AppMetrics } from "#core/contract/metrics.ts";
import { toRequestSearch, type RequestQuery } from "./dashboard-query.ts";
import { HourTable } from "./hour-table.tsx";

// As heavy as the page; the figures are there before them.
const MetricsCharts = lazy(() => import("./metrics-charts.client.tsx").then((module) => ({ default: module.MetricsCharts })));

interface MetricsCardProps {
  metrics: AppMetrics;
  query: RequestQuery;
  /** Those that were made within the span are marked. */
  versions: readonly Version[];
}

export function MetricsCard({ metrics, query, versions }: MetricsCardProps) {
  return (
    <Card aria-labelledby="metrics-title">
      <CardHeader>
        <CardTitle id="metrics-title">Traffic</CardTitle>
        <nav aria-label="Span of the figures" className="flex gap-1">
          <Span to={toRequestSearch(query, { window: undefined })} current={query.window === undefined}>
            24 hours
          </Span>
          <Span to={toRequestSearch(query, { window: "7d" })} current={query.window === "7d"}>
            7 days
          </Span>
        </nav>
      </CardHeader>
      <Figures metrics={metrics} />
      {metrics.requests === 0 ? (
        <EmptyState icon={<ChartColumnIcon />} title="Nothing was asked in this time" className="border-t py-8">
          Each request shows here by the hour, with how long it took.
        </EmptyState>
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 border-t px-4 py-4">
          <Charts metrics={metrics} versions={versions} />
          <HourTable series={metrics.series} />
        </div>
      )}
    </Card>
  );
}

const subscribeNever = () => () => {};

/** Drawn by the browser alone: their size is the window's. */
function Charts(props: Pick<MetricsCardProps, "metrics" | "versions">) {
  const inBrowser = useSyncExternalStore(
    subscribeNever,
    () => true,
    () => false,
  );
  const place = <Skeleton className="h-71" />;
  if (!inBrowser) return place;
  return (
    <Suspense fallback={place}>
      <MetricsCharts {...props} />
    </Suspense>
  );
}

function Span({ to, current, children }: { to: string; current: boolean; children: ReactNode }) {
  return (
    <Link
      to={to}
      preventScrollReset
      replace
      aria-current={current ? "true" : undefined}
      className={cn(
        "rounded-md px-2 py-1 text-[13px] outline-none focus-visible:ring-2 focus-visible:ring-ring",
        current ? "bg-accent text-accent-foreground" : "text-muted-foreground hover:text-foreground",
      )}
    >
      {children}
    </Link>
  );
}

function Figures({ metrics }: { metrics: AppMetrics }) {
  const { requests, errors, clientErrors, p50Ms, p95Ms, p99Ms, coldStarts, coldP95Ms } = metrics;
  const time = (ms: number | null) => (ms === null ? "–" : formatMs(ms));
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 border-t px-4 py-3 sm:grid-cols-4">
      <Figure
        name="Requests"
        value={requests.toLocaleString("en")}
        note={clientErrors > 0 ? `${clientErrors.toLocaleString("en")} with 4xx` : null}
      />
      <Figure
        name="Errors"
        value={errors.toLocaleString("en")}
        note={errors > 0 ? `${toPercent(errors / requests)} of all` : null}
        alarming={errors > 0}
      />
      <Figure name="Latency, median" value={time(p50Ms)} note={p95Ms === null ? null : `p95 ${time(p95Ms)}, p99 ${time(p99Ms)}`} />
      <Figure name="Cold starts" value={coldStarts.toLocaleString("en")} note={coldP95Ms === null ? null : `p95 ${time(coldP95Ms)}`} />
    </dl>
  );
}

function Figure({ name, value, note, alarming = false }: { name: string; value: string; note: string | null; alarming?: boolean }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted-foreground">{name}</dt>
      <dd className={cn("text-lg font-semibold tabular-nums", alarming && "text-error")}>{value}</dd>
      {note !== null && <dd className="text-xs text-muted-foreground tabular-nums">{note}</dd>}
    </div>
  );
}

const toPercent = (share: number): string => (share < 0.001 ? "< 0.1 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`);
