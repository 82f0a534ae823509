import { useSyncExternalStore } from "react";
import { formatExactTime, formatRelativeTime } from "./time-words.ts";

/** Half a minute: the smallest step that changes the words after the first minute. */
const tickMs = 30_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

// One clock for the page, however many times stand on it; it runs only while one does.
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
const atClient = () => {
  if (listeners.size === 0) now = Date.now();
  return now;
};
const atServer = () => null;
const readClock = () => Date.now();

/** "5 min ago", kept up to date; the exact time on hover. The server has no time zone of the reader's, so it says UTC until the page runs. */
export function RelativeTime({ at, className }: { at: string; className?: string }) {
  const moment = useSyncExternalStore<number | null>(subscribe, atClient, atServer);
  return (
    <time dateTime={at} title={formatExactTime(at, moment === null ? "UTC" : undefined)} className={className} suppressHydrationWarning>
      {formatRelativeTime(at, moment ?? readClock())}
    </time>
  );
}
