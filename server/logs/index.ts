/**
 * Lines that apps wrote, kept 7 days (capped per app), over sleep, redeploy and restarts of the platform.
 * Guarantees: appending never blocks; a flood is dropped with a note in the log itself.
 */
export { createLogs, type LogsDomain } from "./logs.ts";

import type { LogEntry } from "#core/contract/request.ts";
import type { Page } from "#core/contract/page.ts";
import type { LogLine } from "#server/runtime/runtime.ts";

/** Opens one socket, of one app: a browser's WebSocket can send no header, and a token in an address ends up in logs. */
export interface LogTicket {
  ownerId: string;
  appId: string;
}

export interface Logs {
  append(appId: string, line: LogLine): void;
  /** The last `tail` lines (default 200, most 1000) in the order they were written, or those after `since` (a cursor or a time). */
  list(
    ownerId: string,
    app: string,
    query: { since?: string | undefined; tail?: number | undefined; search?: string | undefined },
  ): Promise<Page<LogEntry>>;
  /** Lines as they are written, from now on. */
  follow(ownerId: string, app: string, signal: AbortSignal): AsyncIterable<LogEntry>;
  /** A ticket for who follows by a socket; it works once, within 30 s, at any web process. */
  issueTicket(ticket: LogTicket): Promise<{ ticket: string; expiresInMs: number }>;
  /** Null when it is unknown, used or too old. */
  redeemTicket(ticket: string): Promise<LogTicket | null>;
  flush(): Promise<void>;
}
