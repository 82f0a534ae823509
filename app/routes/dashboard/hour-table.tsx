import type { MetricsHour } from "#core/contract/metrics.ts";
import { formatMs } from "#app/components/format-ms.ts";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import { TableBody, TableCell, TableHead, TableHeader, TableRow } from "#app/components/ui/table.tsx";

/** The values of the charts, for who reads them and where no chart is drawn. Newest first; hours in which nothing was asked are left out. */
export function HourTable({ series }: { series: readonly MetricsHour[] }) {
  const hours = series.filter(({ requests }) => requests > 0).toReversed();
  const time = (ms: number | null) => (ms === null ? "–" : formatMs(ms));
  return (
    <details className="group">
      <summary className="w-fit cursor-pointer rounded-sm text-[13px] text-muted-foreground outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring">
        Values by the hour
      </summary>
      <div className="mt-2 max-h-72 overflow-auto rounded-md border" tabIndex={0} role="region" aria-label="Values by the hour">
        {/* The frame around it scrolls, and can be focused for that. */}
        <table className="w-full text-[13px]">
          <TableHeader>
            <TableRow className="hover:bg-transparent">
              <TableHead>Hour</TableHead>
              {["Requests", "4xx", "5xx", "p50", "p95", "Cold starts"].map((name) => (
                <TableHead key={name} className="text-right">
                  {name}
                </TableHead>
              ))}
            </TableRow>
          </TableHeader>
          <TableBody>
            {hours.map(({ at, requests, clientErrors, errors, p50Ms, p95Ms, coldStarts }) => (
              <TableRow key={at}>
                <TableCell className="whitespace-nowrap text-muted-foreground">
                  <RelativeTime at={at} />
                </TableCell>
                {[requests, clientErrors, errors].map((value, index) => (
                  <TableCell key={index} className="text-right tabular-nums">
                    {value.toLocaleString("en")}
                  </TableCell>
                ))}
                <TableCell className="text-right whitespace-nowrap tabular-nums">{time(p50Ms)}</TableCell>
                <TableCell className="text-right whitespace-nowrap tabular-nums">{time(p95Ms)}</TableCell>
                <TableCell className="text-right tabular-nums">{coldStarts.toLocaleString("en")}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </table>
      </div>
    </details>
  );
}
