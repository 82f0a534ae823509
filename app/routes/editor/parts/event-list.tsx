/** Server-sent events, the newest last. The end is followed until somebody scrolls up. */
import { useEffect, useRef } from "react";
import { shownEvents } from "../answer-body.ts";
import type { StreamEvent } from "../server-events.ts";

export function EventList({ events }: { events: readonly StreamEvent[] }) {
  const list = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useEffect(() => {
    if (following.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [events]);
  const first = events[0]?.number ?? 1;
  return (
    <div
      ref={list}
      role="region"
      aria-label="Events"
      // A reader would be talked to without end.
      aria-live="off"
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        following.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
      className="max-h-96 overflow-auto rounded-md bg-muted/60 p-2.5 font-mono text-xs leading-5 outline-none focus-visible:ring-2 focus-visible:ring-ring"
    >
      {first > 1 && <p className="text-muted-foreground">The newest {shownEvents} are shown.</p>}
      {events.length === 0 ? (
        <p className="text-muted-foreground">No event yet.</p>
      ) : (
        <ol className="grid gap-1">
          {events.map(({ number, event, id, data }) => (
            <li key={number} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 border-b pb-1 last:border-0">
              <span className="text-muted-foreground tabular-nums" title={id === "" ? undefined : `Id ${id}`}>
                {number}
                {event !== "message" && <span className="pl-2 text-(--code-name)">{event}</span>}
              </span>
              <span className="break-words whitespace-pre-wrap">{data}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
