/** What was sent from this tab; one click sends it again. */
import { RotateCwIcon } from "lucide-react";
import type { Sent } from "../requests.ts";
import { formatMs } from "./format.ts";

export function SentList({ history, onPick }: { history: readonly Sent[]; onPick(sent: Sent): void }) {
  if (history.length === 0) return null;
  return (
    <section aria-label="Requests sent" className="shrink-0 border-t">
      <h3 className="px-3 pt-2 text-xs font-medium text-muted-foreground">History</h3>
      <ul className="max-h-44 overflow-y-auto p-1">
        {history.map((sent) => (
          <li key={`${sent.at}${sent.request.method}${sent.request.path}`}>
            <button
              type="button"
              title={`Send again (first sent ${new Date(sent.at).toLocaleTimeString()})`}
              onClick={() => onPick(sent)}
              className="group flex h-8 w-full items-center gap-2 rounded-md px-2 text-left font-mono text-xs outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring"
            >
              <span className="w-12 shrink-0 text-muted-foreground">{sent.request.method}</span>
              <span className="min-w-0 flex-1 truncate">{sent.request.path}</span>
              <span className={`shrink-0 tabular-nums ${statusTone(sent.status)}`}>{sent.status ?? "failed"}</span>
              <span className="w-14 shrink-0 text-right text-muted-foreground tabular-nums">
                {sent.latencyMs === null ? "" : formatMs(sent.latencyMs)}
              </span>
              <RotateCwIcon
                aria-hidden
                className="size-3.5 shrink-0 text-muted-foreground opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100"
              />
              <span className="sr-only">Send again</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The colour of a status: green answers, red failures, the rest neutral. */
export function statusTone(status: number | null): string {
  if (status === null || status >= 500) return "text-destructive";
  if (status >= 400) return "text-deploying";
  return status < 300 ? "text-running" : "text-foreground";
}
