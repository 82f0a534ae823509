/** The request that is under way, and what has come of it until now. */
import { useEffect, useRef, useState } from "react";
import type { ProxyAnswer } from "#core/contract/request.ts";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import { shownEvents, typeOf } from "./answer-body.ts";
import { exchange, type Arriving, type Outcome } from "./exchange.ts";
import { toProxyRequest, type PlannedRequest } from "./requests.ts";
import { createEventReader, type StreamEvent } from "./server-events.ts";

/** An answer while it arrives. */
export interface LiveAnswer extends Arriving {
  /** Null: it is no stream of events. */
  events: readonly StreamEvent[] | null;
  /** The end of what came. */
  text: string;
}

export type Exchange =
  | { state: "none" }
  | { state: "sending" }
  | { state: "arriving"; live: LiveAnswer }
  | { state: "answered"; answer: ProxyAnswer; path: string }
  | { state: "failed"; message: string };

/** Of a stream that is no events: what somebody watching sees. */
const tailCharacters = 50_000;

export interface UseExchange {
  result: Exchange;
  /** Resolves with what came; null when another request took its place meanwhile. */
  send(request: PlannedRequest): Promise<Outcome | null>;
  /** Ends the request; what came of a stream stays. */
  stop(): void;
}

export function useExchange(slug: string): UseExchange {
  const store = useEditorStoreApi();
  const [result, setResult] = useState<Exchange>({ state: "none" });
  const flight = useRef<AbortController>(null);
  // Whoever leaves the editor leaves the stream.
  useEffect(() => () => flight.current?.abort(), []);
  return {
    result,
    async send(request) {
      flight.current?.abort();
      const mine = (flight.current = new AbortController());
      setResult({ state: "sending" });
      const watcher = watch(store.getState().tested, (live) => {
        if (flight.current === mine && !mine.signal.aborted) setResult({ state: "arriving", live });
      });
      const outcome = await exchange(slug, await toProxyRequest(request), watcher, mine.signal);
      watcher.end();
      if (flight.current !== mine) return null;
      if (outcome.ok) setResult({ state: "answered", answer: outcome.answer, path: request.path });
      else setResult(mine.signal.aborted ? { state: "none" } : { state: "failed", message: outcome.message });
      return mine.signal.aborted && !outcome.ok ? null : outcome;
    },
    stop: () => flight.current?.abort(),
  };
}

/** Gathers what comes and tells of it once a frame: a stream may have thousands of pieces a second. */
function watch(onSent: (at: number) => void, tell: (live: LiveAnswer) => void) {
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
