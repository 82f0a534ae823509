/** What was sent from this tab; one click sends it again, or two are picked to be compared. */
import { RotateCwIcon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { formatMs } from "#app/components/format-ms.ts";
import type { Sent } from "../sent-history.ts";
import { quietButton } from "./small-input.ts";

const CompareDialog = lazy(() => import("./compare-dialog.tsx").then((module) => ({ default: module.CompareDialog })));

export function SentList({ history, onPick }: { history: readonly Sent[]; onPick(sent: Sent): void }) {
  /** Null: a click sends again. Else the requests that are picked, by their time. */
  const [picked, setPicked] = useState<readonly string[] | null>(null);
  const [open, setOpen] = useState(false);
  if (history.length === 0) return null;
  const comparable = history.filter(({ answer }) => answer !== null);
  const chosen = comparable.filter(({ at }) => picked?.includes(at));
  return (
    <section aria-label="Requests sent" className="shrink-0 border-t">
      <div className="flex items-baseline gap-3 px-3 pt-2">
        <h3 className="text-xs font-medium text-muted-foreground">History</h3>
        {comparable.length > 1 && (
          <button
            type="button"
            aria-pressed={picked !== null}
            onClick={() => setPicked(picked === null ? [] : null)}
            className={`${quietButton} ml-auto`}
          >
            {picked === null ? "Compare…" : "Cancel"}
          </button>
        )}
        {picked !== null && (
          <button
            type="button"
            disabled={chosen.length !== 2}
            onClick={() => setOpen(true)}
            className={`${quietButton} disabled:opacity-60`}
          >
            {chosen.length === 2 ? "Compare the two" : `Pick ${2 - chosen.length}`}
          </button>
        )}
      </div>
      <ul className="max-h-44 overflow-y-auto p-1">
        {history.map((sent) => (
          <li key={`${sent.at}${sent.request.method}${sent.request.path}`}>
            {picked === null ? (
              <button type="button" title={titleOf(sent)} onClick={() => onPick(sent)} className={`group ${rowClass}`}>
                <Words sent={sent} />
                <RotateCwIcon
                  aria-hidden
                  className="size-3.5 shrink-0 text-muted-foreground opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100"
                />
                <span className="sr-only">Send again</span>
              </button>
            ) : (
              <label className={`${rowClass} has-disabled:opacity-60`}>
                <input
                  type="checkbox"
                  className="size-3.5 shrink-0 accent-primary"
                  checked={picked.includes(sent.at)}
                  disabled={sent.answer === null || (chosen.length === 2 && !picked.includes(sent.at))}
                  onChange={({ target }) => setPicked(target.checked ? [...picked, sent.at] : picked.filter((at) => at !== sent.at))}
                />
                <Words sent={sent} />
              </label>
            )}
          </li>
        ))}
      </ul>
      {open && chosen[0] && chosen[1] && (
        <Suspense fallback={null}>
          {/* The history is newest first; what came first is on the left. */}
          <CompareDialog before={chosen[1]} after={chosen[0]} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </section>
  );
}

const rowClass =
  "flex h-8 w-full items-center gap-2 rounded-md px-2 text-left font-mono text-xs outline-none hover:bg-accent focus-visible:ring-2 focus-visible:ring-ring";

function titleOf({ at, request }: Sent): string {
  const auth =
    request.auth === "none"
      ? ""
      : `, with the ${{ bearer: "token", basic: "user and password", key: "key" }[request.auth]} of this session`;
  return `Send again (sent ${new Date(at).toLocaleTimeString()}${auth})`;
}

function Words({ sent }: { sent: Sent }) {
  return (
    <>
      <span className="w-12 shrink-0 text-muted-foreground">{sent.request.method}</span>
      <span className="min-w-0 flex-1 truncate">{sent.request.path}</span>
      <span className={`shrink-0 tabular-nums ${statusTone(sent.status)}`}>{sent.status ?? "failed"}</span>
      <span className="w-14 shrink-0 text-right text-muted-foreground tabular-nums">
        {sent.latencyMs === null ? "" : formatMs(sent.latencyMs)}
      </span>
    </>
  );
}

/** The colour of a status: green answers, red failures, the rest neutral. */
export function statusTone(status: number | null): string {
  if (status === null || status >= 500) return "text-destructive";
  if (status >= 400) return "text-deploying";
  return status < 300 ? "text-running" : "text-foreground";
}
