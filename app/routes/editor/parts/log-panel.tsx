/** What the app writes, as it writes it: since the last test, where one was sent, or all. Follows the end until somebody scrolls up; can be paused, searched in and cleared. */
import { PauseIcon, PlayIcon, ScrollTextIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { logLineSchema, type LogEntry } from "#core/contract/request.ts";
import { useEditorStore } from "#app/stores/editor-store.ts";
import { Button } from "#app/components/ui/button.tsx";
import { PanelNote } from "./panel-note.tsx";

/** What one browser tab can hold and scroll without a stutter. */
const keptLines = 1_000;

export function LogPanel({ slug }: { slug: string }) {
  const [lines, setLines] = useState<LogEntry[]>([]);
  const [paused, setPaused] = useState(false);
  const [search, setSearch] = useState("");
  const [connected, setConnected] = useState(true);
  const [all, setAll] = useState(false);
  const testedAt = useEditorStore((state) => state.testedAt);
  const end = useRef<HTMLDivElement>(null);
  const following = useRef(true);

  useEffect(() => {
    if (paused) return;
    const source = new EventSource(`/streams/apps/${encodeURIComponent(slug)}/logs`);
    // The stream begins with the last lines each time, so what is here is replaced when it opens.
    source.addEventListener("open", () => {
      setLines([]);
      setConnected(true);
    });
    source.addEventListener("message", (message: MessageEvent<string>) => {
      const line = logLineSchema.safeParse(JSON.parse(message.data));
      if (line.success) setLines((before) => [...before.slice(1 - keptLines), line.data]);
    });
    source.addEventListener("error", () => setConnected(false));
    return () => source.close();
  }, [slug, paused]);

  useEffect(() => {
    if (following.current) end.current?.scrollIntoView({ block: "nearest" });
  }, [lines]);

  const needle = search.trim().toLowerCase();
  const since = testedAt === null || all ? null : testedAt;
  const shown = lines.filter(
    ({ at, text }) => (since === null || Date.parse(at) >= since) && (needle === "" || text.toLowerCase().includes(needle)),
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 items-center gap-2 border-b px-2 py-1">
        <input
          type="search"
          aria-label="Search in the logs"
          placeholder="Search"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
          className="h-7 w-48 min-w-0 rounded-md border border-input bg-background px-2 text-[13px] outline-none placeholder:text-muted-foreground focus-visible:ring-2 focus-visible:ring-ring"
        />
        <Button variant="ghost" size="sm" onClick={() => setPaused(!paused)}>
          {paused ? <PlayIcon aria-hidden /> : <PauseIcon aria-hidden />}
          {paused ? "Resume" : "Pause"}
        </Button>
        {testedAt !== null && (
          <Button variant="ghost" size="sm" aria-pressed={!all} className="aria-pressed:bg-accent" onClick={() => setAll(!all)}>
            Since the last test
          </Button>
        )}
        {!connected && !paused && (
          <span role="status" className="text-xs text-muted-foreground">
            Connecting again…
          </span>
        )}
      </div>
      <div
        role="log"
        aria-label="Logs"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          following.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
        className="min-h-0 flex-1 overflow-auto py-1 font-mono text-xs leading-5 outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset"
      >
        {shown.length === 0 && (
          <PanelNote
            icon={<ScrollTextIcon aria-hidden className="text-muted-foreground" />}
            title={
              needle !== "" ? "No line contains that" : since === null ? "No log lines yet" : "Nothing was printed since the last test"
            }
            {...(needle === "" ? { text: "What your app prints appears here." } : {})}
          />
        )}
        {shown.map((line, index) => (
          <Line key={`${line.at}${index}`} line={line} />
        ))}
        <div ref={end} />
      </div>
    </div>
  );
}

function Line({ line: { at, stream, text } }: { line: LogEntry }) {
  const time = at.slice(11, 23);
  return (
    <div className="flex gap-3 px-3 hover:bg-accent/60">
      <time dateTime={at} title={at} className="shrink-0 text-muted-foreground tabular-nums">
        {time}
      </time>
      <span className={`min-w-0 break-words whitespace-pre-wrap ${stream === "platform" ? "text-muted-foreground italic" : ""}`}>
        {text}
      </span>
    </div>
  );
}
