/**
 * What apps answered: the gateway's records, batched into the platform's database, joined with the runner's exceptions when read.
 * Guarantees: recording never delays a request; the runner's half is checked against a schema. Kept 7 days.
 */
export { createRequests, type RequestsDomain } from "./requests.ts";

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
export interface Requests {
  record(record: RequestRecord): void;
  recordException(appId: string, record: ExceptionRecord): void;
  list(ownerId: string, app: string, query: PageQuery & RequestFilter): Promise<Page<RequestEntry>>;
  get(ownerId: string, app: string, requestId: string): Promise<RequestEntry>;
  /** Writes what is waiting. */
  flush(): Promise<void>;
}
