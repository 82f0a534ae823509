/**
 * What apps answered: the gateway's records, batched into the platform's database, joined with the runner's exceptions when read.
 * Guarantees: recording never delays a request; the runner's half is checked against a schema. Kept 7 days; their sums by the hour 30 days,
 * which is what figures are made of: no page walks the requests themselves for them.
 */
export { createRequests, type RequestsDomain } from "./requests.ts";

import type { AppMetrics, MetricsWindow } from "#core/contract/metrics.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";
import type { RequestEntry } from "#core/contract/request.ts";
import type { RequestRecord } from "#server/gateway/index.ts";
import type { ExceptionRecord } from "#server/runtime/runtime.ts";

export interface RequestFilter {
  /** `5xx`, `4xx`, or an exact status. */
  status?: string | undefined;
  method?: string | undefined;
  /** A part of the path. */
  path?: string | undefined;
}
/** An app's last 24 hours in short. */
export interface LastDay {
  requests: number;
  /** Answered with 5xx. */
  errors: number;
  /** Requests and errors of each hour; the last one is under way. */
  hours: readonly (readonly [requests: number, errors: number])[];
}

export interface Requests {
  record(record: RequestRecord): void;
  recordException(appId: string, record: ExceptionRecord): void;
  list(ownerId: string, app: string, query: PageQuery & RequestFilter): Promise<Page<RequestEntry>>;
  get(ownerId: string, app: string, requestId: string): Promise<RequestEntry>;
  /** What the app answered over a span, hour by hour. */
  metrics(ownerId: string, app: string, window: MetricsWindow): Promise<AppMetrics>;
  /** The last 24 hours of each of these apps; one that was not asked is left out. For apps that the caller may see. */
  lastDay(appIds: readonly string[]): Promise<ReadonlyMap<string, LastDay>>;
  /** The last 24 hours of all of an owner's apps together. */
  lastDayOf(ownerId: string): Promise<Omit<AppMetrics, "series">>;
  /** Writes what is waiting. */
  flush(): Promise<void>;
}
