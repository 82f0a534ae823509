import { PencilIcon, SendIcon } from "lucide-react";
import { Link } from "react-router";
import { formatMs } from "#app/components/format-ms.ts";
import { TracebackView } from "#app/components/traceback-view.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Button } from "#app/components/ui/button.tsx";
import { CopyButton } from "#app/components/ui/copy-button.tsx";
import { formatExactTime } from "#app/components/ui/time-words.ts";
import type { RequestEntry } from "#core/contract/request.ts";
import { formatBytes } from "./dashboard-query.ts";
import { toEditorPath, toSendAgainPath } from "./traceback.ts";

/** One request: its facts, and the exception behind it with the way to the failing line. */
export function RequestDetail({ entry, slug }: { entry: RequestEntry; slug: string }) {
  const facts: [string, string][] = [
    ["Time", formatExactTime(entry.at, "UTC")],
    [
      "Latency",
      entry.coldStartMs === null
        ? formatMs(entry.latencyMs)
        : `${formatMs(entry.latencyMs)}, of it ${formatMs(entry.coldStartMs)} cold start`,
    ],
    ["Bytes in, out", `${formatBytes(entry.bytesIn)}, ${formatBytes(entry.bytesOut)}`],
    ["Answered by", entry.answeredBy === "app" ? `the app, version ${entry.version}` : "the platform, before the app"],
    ...(entry.aborted === undefined ? [] : [["Cut off by", entry.aborted === "client" ? "the caller" : "the app"] as [string, string]]),
    ["Query", entry.queryNames.length === 0 ? "none" : entry.queryNames.join(", ")],
    ...Object.entries(entry.hx ?? {}).map(([name, value]): [string, string] => [toHeaderName(name), value]),
    ["Request id", entry.id],
  ];
  return (
    <div className="flex min-w-0 flex-col gap-4 whitespace-normal">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <p className="text-code min-w-0 break-all">
          {entry.method} {entry.path}
        </p>
        <Link to={toSendAgainPath(slug, entry)} className={buttonVariants({ variant: "outline", size: "sm" })}>
          <SendIcon aria-hidden />
          Send again
        </Link>
      </div>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-3 sm:grid-cols-3">
        {facts.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-xs text-muted-foreground">{name}</dt>
            <dd className="break-words tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {entry.error && <ErrorDetail error={entry.error} slug={slug} />}
    </div>
  );
}

function ErrorDetail({ error, slug }: { error: NonNullable<RequestEntry["error"]>; slug: string }) {
  return (
    <div className="min-w-0 overflow-hidden rounded-lg border bg-card">
      <div className="flex flex-wrap items-center justify-between gap-2 border-b px-3 py-2">
        <p className="min-w-0 break-words">
          <span className="font-medium text-error">{error.type}</span>
          {error.message !== "" && `: ${error.message}`}
        </p>
        <div className="flex items-center gap-1">
          <CopyButton value={error.traceback} label="Copy traceback" />
          {error.file !== undefined && error.line !== undefined && (
            <Button size="sm" variant="outline" nativeButton={false} render={<Link to={toEditorPath(slug, error.file, error.line)} />}>
              <PencilIcon aria-hidden />
              {error.file}:{error.line}
            </Button>
          )}
        </div>
      </div>
      <TracebackView
        traceback={error.traceback}
        className="max-h-96 px-3 py-2.5"
        toPlace={({ file, line }, text) => (
          <Link to={toEditorPath(slug, file, line)} className="text-primary underline underline-offset-2">
            {text}
          </Link>
        )}
      />
    </div>
  );
}

/** `hx-current-url` → `HX-Current-Url`. */
const toHeaderName = (name: string): string => name.replace(/^hx|\b[a-z]/g, (start) => start.toUpperCase());
