import { ActivityIcon, ChevronRightIcon, FilterXIcon, SnowflakeIcon } from "lucide-react";
import { Fragment } from "react";
import { Link } from "react-router";
import { formatMs } from "#app/components/format-ms.ts";
import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Card, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { cn } from "#app/components/ui/cn.ts";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "#app/components/ui/table.tsx";
import type { Page } from "#core/contract/page.ts";
import type { RequestEntry } from "#core/contract/request.ts";
import { toRequestSearch, type RequestQuery } from "./dashboard-query.ts";
import { RequestDetail } from "./request-detail.tsx";
import { RequestFilter } from "./request-filter.tsx";

export interface RequestsCardProps {
  slug: string;
  url: string;
  deployed: boolean;
  page: Page<RequestEntry>;
  query: RequestQuery;
  opened: RequestEntry | null;
}

/** What the app answered last; a row opens under itself. */
export function RequestsCard({ slug, url, deployed, page, query, opened }: RequestsCardProps) {
  const filtered = query.status !== undefined || query.method !== undefined || query.path !== undefined;
  return (
    <Card aria-labelledby="requests-title">
      <CardHeader>
        <CardTitle id="requests-title">Recent requests</CardTitle>
        {(page.items.length > 0 || filtered) && <RequestFilter query={query} filtered={filtered} />}
      </CardHeader>
      {page.items.length === 0 ? (
        <Empty filtered={filtered} deployed={deployed} url={url} />
      ) : (
        <Table className="border-t">
          <TableHeader>
            <TableRow className="hover:bg-transparent">
              <TableHead className="max-sm:hidden">Time</TableHead>
              <TableHead>Request</TableHead>
              <TableHead className="text-right">Status</TableHead>
              <TableHead className="text-right">Latency</TableHead>
            </TableRow>
          </TableHeader>
          <TableBody>
            {page.items.map((entry) => (
              <Fragment key={entry.id}>
                <Row entry={entry} query={query} open={query.request === entry.id} />
                {query.request === entry.id && (
                  <tr className="border-b bg-muted/40">
                    {/* A traceback scrolls in its own frame; it does not widen the table. */}
                    <td colSpan={4} className="max-w-0 px-4 py-4">
                      <RequestDetail entry={opened ?? entry} slug={slug} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </TableBody>
        </Table>
      )}
      {(page.nextCursor !== null || query.cursor !== undefined) && (
        <div className="flex justify-between border-t px-4 py-2">
          {query.cursor === undefined ? (
            <span />
          ) : (
            <Button
              variant="ghost"
              size="sm"
              nativeButton={false}
              render={<Link preventScrollReset to={toRequestSearch(query, { cursor: undefined, request: undefined })} />}
            >
              Newest
            </Button>
          )}
          {page.nextCursor !== null && (
            <Button
              variant="ghost"
              size="sm"
              nativeButton={false}
              render={<Link preventScrollReset to={toRequestSearch(query, { cursor: page.nextCursor, request: undefined })} />}
            >
              Older
              <ChevronRightIcon aria-hidden />
            </Button>
          )}
        </div>
      )}
    </Card>
  );
}

function statusColor(status: number): string {
  return status >= 500 ? "text-error" : status >= 400 ? "text-deploying" : status >= 300 ? "text-sleeping" : "text-running";
}

function Row({ entry, query, open }: { entry: RequestEntry; query: RequestQuery; open: boolean }) {
  return (
    <TableRow className={cn("relative", open && "bg-muted/40")}>
      <TableCell className="text-muted-foreground max-sm:hidden">
        <RelativeTime at={entry.at} />
      </TableCell>
      <TableCell className="w-full max-w-0">
        <Link
          preventScrollReset
          replace={open}
          to={toRequestSearch(query, { request: open ? undefined : entry.id })}
          aria-expanded={open}
          className="text-code flex min-w-0 items-center gap-2 rounded-sm outline-none after:absolute after:inset-0 focus-visible:after:ring-2 focus-visible:after:ring-ring focus-visible:after:ring-inset"
        >
          <ChevronRightIcon
            aria-hidden
            className={cn("size-3.5 shrink-0 text-muted-foreground transition-transform", open && "rotate-90")}
          />
          <span className="shrink-0 text-muted-foreground">{entry.method}</span>
          <span className="truncate">{entry.path}</span>
          {entry.error && <span className="truncate text-error">{entry.error.type}</span>}
          {entry.answeredBy === "gateway" && (
            <Badge variant="outline" title="It did not reach the app, or the app gave no answer">
              platform
            </Badge>
          )}
        </Link>
      </TableCell>
      <TableCell className={cn("text-code text-right font-medium", statusColor(entry.status))}>{entry.status}</TableCell>
      <TableCell className="text-right text-muted-foreground">
        <span className="inline-flex items-center justify-end gap-1.5">
          {entry.coldStartMs !== null && (
            <SnowflakeIcon role="img" aria-label={`Cold start, ${formatMs(entry.coldStartMs)}`} className="size-3.5 text-sleeping" />
          )}
          {formatMs(entry.latencyMs)}
        </span>
      </TableCell>
    </TableRow>
  );
}

function Empty({ filtered, deployed, url }: { filtered: boolean; deployed: boolean; url: string }) {
  if (filtered)
    return (
      <EmptyState icon={<FilterXIcon />} title="No request matches" className="border-t">
        Requests are kept for 7 days.
      </EmptyState>
    );
  if (!deployed)
    return (
      <EmptyState icon={<ActivityIcon />} title="No requests yet" className="border-t">
        Deploy the app; what it answers appears here.
      </EmptyState>
    );
  return (
    <EmptyState icon={<ActivityIcon />} title="No requests yet" className="border-t">
      Call it and watch it arrive: <code className="text-code break-all text-foreground select-all">curl {url}/</code>
    </EmptyState>
  );
}
