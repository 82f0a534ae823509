/** An answer while it arrives, as it is shown. */
import { shownEvents, typeOf } from "./answer-body.ts";
import type { Arriving, Watcher } from "./exchange.ts";
import { createEventReader, type StreamEvent } from "./server-events.ts";

export interface LiveAnswer extends Arriving {
  /** Null: it is no stream of events. */
  events: readonly StreamEvent[] | null;
  /** The end of what came. */
  text: string;
}

/** Of a stream that is no events: what somebody watching sees. */
const tailCharacters = 50_000;

/** Gathers what comes and tells of it once a frame: a stream may have thousands of pieces a second. */
export function watchAnswer(onSent: (at: number) => void, tell: (live: LiveAnswer) => void): Watcher & { end(this: void): void } {
  const reader = createEventReader();
  let live: LiveAnswer | null = null;
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (live) tell(live);
    });
  };
  return {
    onSent,
    onHead(head: Arriving) {
      live = { ...head, events: typeOf(head.headers) === "text/event-stream" ? [] : null, text: "" };
      soon();
    },
    onText(text: string) {
      if (live === null) return;
      if (live.events) live = { ...live, events: [...live.events, ...reader.push(text)].slice(-shownEvents) };
      else live = { ...live, text: (live.text + text).slice(-tailCharacters) };
      soon();
    },
    end: () => cancelAnimationFrame(frame),
  };
}
