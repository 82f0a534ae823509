import { Link } from "react-router";
import { cn } from "#app/components/ui/cn.ts";
import { StatusDot } from "#app/components/ui/status-badge.tsx";
import type { AppStatus } from "#core/contract/app.ts";
import { appStatuses, toListPath, type ListQuery } from "./list-query.ts";

export interface StatusPillsProps {
  counts: Record<AppStatus, number>;
  total: number;
  query: ListQuery;
}

/** Counts by status that filter. What is at zero stays away, unless it is what is shown. */
export function StatusPills({ counts, total, query }: StatusPillsProps) {
  const shown = appStatuses.filter((status) => counts[status] > 0 || query.status === status);
  return (
    <nav aria-label="Filter by status" className="-mx-1 flex max-w-full gap-1 overflow-x-auto p-1">
      <Pill to={toListPath(query, { status: undefined })} current={query.status === undefined} label="All" count={total} />
      {shown.map((status) => (
        <Pill
          key={status}
          status={status}
          to={toListPath(query, { status })}
          current={query.status === status}
          label={status}
          count={counts[status]}
        />
      ))}
    </nav>
  );
}

function Pill({ to, current, label, count, status }: { to: string; current: boolean; label: string; count: number; status?: AppStatus }) {
  return (
    <Link
      to={to}
      aria-current={current ? "true" : undefined}
      preventScrollReset
      className={cn(
        "flex h-8 shrink-0 items-center gap-1.5 rounded-full border px-3 text-[13px] font-medium capitalize transition-colors outline-none focus-visible:ring-2 focus-visible:ring-ring",
        current ? "border-foreground/25 bg-accent text-accent-foreground" : "text-muted-foreground hover:bg-accent hover:text-foreground",
      )}
    >
      {status && <StatusDot status={status} />}
      {label}
      <span className="tabular-nums">{count.toLocaleString("en")}</span>
    </Link>
  );
}
