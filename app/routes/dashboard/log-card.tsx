import { DownloadIcon, PauseIcon, PlayIcon, ScrollTextIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Card, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { cn } from "#app/components/ui/cn.ts";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Input } from "#app/components/ui/input.tsx";
import type { LogEntry } from "#core/contract/request.ts";

/** What a tab can hold and scroll without a stutter. */
const keptLines = 2_000;

/** What the app writes, as it writes it. Pausing holds the picture still; what comes meanwhile is shown on resuming. */
export function LogCard({ slug }: { slug: string }) {
  const [lines, setLines] = useState<readonly LogEntry[]>([]);
  const [held, setHeld] = useState<readonly LogEntry[] | null>(null);
  const [state, setState] = useState<"connecting" | "live" | "lost">("connecting");
  const [search, setSearch] = useState("");
  const frame = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  useEffect(() => {
    const source = new EventSource(`/streams/apps/${encodeURIComponent(slug)}/logs`);
    // Each connection begins with the last lines, so what is here is replaced.
    source.addEventListener("open", () => (setLines([]), setState("live")));
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const line = JSON.parse(data) as LogEntry;
      setLines((before) => [...before.slice(1 - keptLines), line]);
    });
    source.addEventListener("error", () => setState("lost"));
    return () => source.close();
  }, [slug]);
  useEffect(() => {
    if (atEnd.current && held === null && frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [lines, held]);

  const needle = search.trim().toLowerCase();
  const shown = (held ?? lines).filter(({ text }) => needle === "" || text.toLowerCase().includes(needle));
  const missed = held === null ? 0 : Math.max(0, lines.length - held.length);
  return (
    <Card id="logs" aria-labelledby="logs-title" className="scroll-mt-16 overflow-hidden">
      <CardHeader>
        <CardTitle id="logs-title" className="flex items-center gap-2">
          Logs
          <span role="status" className="text-xs font-normal text-muted-foreground">
            {state === "lost" ? "Connecting again…" : held !== null ? (missed > 0 ? `Paused, ${missed} more` : "Paused") : ""}
          </span>
        </CardTitle>
        <div className="flex items-center gap-2">
          <Input
            type="search"
            aria-label="Search the logs"
            placeholder="Search"
            value={search}
            onChange={({ target }) => setSearch(target.value)}
            className="h-8 w-36 sm:w-48"
          />
          <Button
            variant="ghost"
            size="icon-sm"
            aria-label={held === null ? "Pause the logs" : "Resume the logs"}
            title={held === null ? "Pause" : "Resume"}
            onClick={() => setHeld(held === null ? lines : null)}
          >
            {held === null ? <PauseIcon aria-hidden /> : <PlayIcon aria-hidden />}
          </Button>
          <a
            href={`/apps/${slug}/logs`}
            download
            aria-label="Download the logs"
            title="Download"
            className={buttonVariants({ variant: "ghost", size: "icon-sm" })}
          >
            <DownloadIcon aria-hidden />
          </a>
        </div>
      </CardHeader>
      <div
        ref={frame}
        role="log"
        aria-labelledby="logs-title"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          void (atEnd.current = scrollHeight - scrollTop - clientHeight < 24)
        }
        className="h-80 overflow-auto border-t bg-muted/30 py-2 outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset"
      >
        {shown.length === 0 ? (
          <EmptyState
            icon={<ScrollTextIcon />}
            title={needle !== "" ? "No line contains that" : state === "connecting" ? "Connecting…" : "No log lines yet"}
            className="h-full"
          >
            {needle === "" &&
              state !== "connecting" &&
              "What your app prints appears here. Lines are kept for 7 days, also while it sleeps."}
          </EmptyState>
        ) : (
          shown.map((line, index) => <LogLine key={`${line.at}:${index}`} line={line} />)
        )}
      </div>
    </Card>
  );
}

function LogLine({ line: { at, stream, text } }: { line: LogEntry }) {
  return (
    <div className="flex gap-3 px-4 font-mono text-xs leading-5 hover:bg-accent/70">
      <time dateTime={at} title={at} className="shrink-0 text-muted-foreground tabular-nums">
        {at.slice(11, 19)}
      </time>
      <span
        className={cn(
          "min-w-0 break-words whitespace-pre-wrap [font-variant-ligatures:none]",
          stream === "platform" && "text-muted-foreground italic",
        )}
      >
        {text}
      </span>
    </div>
  );
}
