/** The apps list's state lives in its address; this reads it and makes the addresses of its links. */
import type { AppStatus } from "#core/contract/app.ts";

// Written out, not taken from the zod schema: this is in the list's first load. The type holds it to the schema.
const order: Record<AppStatus, true> = { running: true, sleeping: true, deploying: true, error: true, stopped: true };
export const appStatuses = Object.keys(order) as AppStatus[];

export interface ListQuery {
  search: string | undefined;
  status: AppStatus | undefined;
  cursor: string | undefined;
}

/** Nonsense in the address is left out, not refused: an old bookmark still shows apps. */
export function readListQuery(params: URLSearchParams): ListQuery {
  const search = params.get("search")?.trim().slice(0, 200);
  const status = appStatuses.find((one) => one === params.get("status"));
  return { search: search === "" ? undefined : search, status, cursor: params.get("cursor")?.slice(0, 500) || undefined };
}

/** The address of the list with `change` applied; a change of what is listed begins at the first page again. */
export function toListPath(query: ListQuery, change: Partial<ListQuery>): string {
  const next = { ...query, ...change };
  if (!("cursor" in change)) next.cursor = undefined;
  const params = new URLSearchParams();
  for (const key of ["search", "status", "cursor"] as const) if (next[key] !== undefined) params.set(key, next[key]);
  return params.size === 0 ? "/apps" : `/apps?${params}`;
}

/** When something last happened to an app: a request, or a change by its owner. */
export function lastActivity({ lastRequestAt, updatedAt }: { lastRequestAt: string | null; updatedAt: string }): string {
  return lastRequestAt !== null && lastRequestAt > updatedAt ? lastRequestAt : updatedAt;
}
