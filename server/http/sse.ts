/**
 * Server-sent events for resource routes and the API alike: `eventStream(request, source, toEvent, stopping)`.
 * Guarantees: a heartbeat every 15 s (proxies cut silent connections after 30–60 s), the source is ended when the reader
 * leaves or the platform stops, a slow reader slows the source instead of filling memory, a failure arrives as `event: problem`.
 * A source that ends by itself is closed with `event: end`; a browser that reconnects after that is told to stay away (204).
 */
import { reportError, toAppError, toProblem } from "./errors.ts";
import type { Logger } from "./logger.ts";

export interface ServerEvent {
  /** Absent: `message`. */
  event?: string;
  /** Comes back as `Last-Event-ID` when the browser reconnects. */
  id?: string;
  /** Sent as JSON. */
  data: unknown;
}

export type EventSourceOf<Item> = AsyncIterable<Item> | ((signal: AbortSignal) => AsyncIterable<Item>);

export interface EventStreamOptions {
  /** ms between two signs of life. */
  heartbeatMs?: number;
  logger?: Logger;
}

const endId = "end";

/**
 * Answers with the items of `source`; `toEvent` may give null to leave one out (such as those before `lastEventId(request)`).
 * Check that the caller may see it *before*: once the stream has begun, the status is 200.
 */
export function eventStream<Item>(
  request: Request,
  source: EventSourceOf<Item>,
  toEvent: (item: Item, index: number) => ServerEvent | null,
  stopping: AbortSignal,
  { heartbeatMs = 15_000, logger }: EventStreamOptions = {},
): Response {
  if (lastEventId(request) === endId) return new Response(null, { status: 204 });
  const left = new AbortController();
  const signal = AbortSignal.any([left.signal, request.signal, stopping]);
  const encoder = new TextEncoder();
  const iterator = (typeof source === "function" ? source(signal) : source)[Symbol.asyncIterator]();
  let index = 0;
  let heartbeat: NodeJS.Timeout | undefined;

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // The first bytes at once: the browser's `open` event, and headers through every proxy.
        controller.enqueue(encoder.encode("retry: 2000\n\n"));
        heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(": \n\n"));
        }, heartbeatMs);
        heartbeat.unref();
      },
      async pull(controller) {
        const finish = (last?: string) => {
          clearInterval(heartbeat);
          if (last !== undefined) controller.enqueue(encoder.encode(last));
          controller.close();
          left.abort();
          iterator.return?.().catch(() => undefined);
        };
        try {
          for (;;) {
            const next = await nextUnlessAborted(iterator, signal);
            if (next === "aborted") return finish();
            if (next.done) return finish(signal.aborted ? undefined : formatEvent({ event: "end", id: endId, data: {} }));
            const event = toEvent(next.value, index++);
            if (event) return controller.enqueue(encoder.encode(formatEvent(event)));
          }
        } catch (thrown) {
          if (signal.aborted) return finish();
          const error = toAppError(thrown);
          if (logger) reportError(error, logger);
          finish(formatEvent({ event: "problem", data: toProblem(error) }));
        }
      },
      cancel() {
        clearInterval(heartbeat);
        left.abort();
        iterator.return?.().catch(() => undefined);
      },
    },
    { highWaterMark: 4 },
  );
  return new Response(stream, {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store, no-transform", "x-accel-buffering": "no" },
  });
}

/** What the reader saw last, when it reconnects. */
export function lastEventId(request: Request): string | null {
  return request.headers.get("last-event-id");
}

/** One event on the wire. JSON has no line breaks of its own, so one `data:` line is enough. */
export function formatEvent({ event, id, data }: ServerEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** The listener is taken off each time: a promise kept for the stream's whole life would hold a reaction per item. */
async function nextUnlessAborted<Item>(iterator: AsyncIterator<Item>, signal: AbortSignal): Promise<IteratorResult<Item> | "aborted"> {
  if (signal.aborted) return "aborted";
  const { promise, resolve } = Promise.withResolvers<"aborted">();
  const onAbort = () => resolve("aborted");
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([iterator.next(), promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
