/** The dashboard's state in its address: the requests' filter, their page, and the one that is open. */
export interface RequestQuery {
  status: string | undefined;
  method: string | undefined;
  path: string | undefined;
  cursor: string | undefined;
  /** The id of the request whose detail is open. */
  request: string | undefined;
}

const keys = ["status", "method", "path", "cursor", "request"] as const;

export function readRequestQuery(params: URLSearchParams): RequestQuery {
  const read = (key: string) => params.get(key)?.trim().slice(0, 500) || undefined;
  const status = read("status");
  return {
    status: status !== undefined && /^([1-5]xx|[1-5]\d\d)$/.test(status) ? status : undefined,
    method: read("method")?.toUpperCase(),
    path: read("path"),
    cursor: read("cursor"),
    request: read("request"),
  };
}

/** The query string with `change` applied, `?` included: relative links keep the page. */
export function toRequestSearch(query: RequestQuery, change: Partial<RequestQuery>): string {
  const next = { ...query, ...change };
  const params = new URLSearchParams();
  for (const key of keys) if (next[key] !== undefined) params.set(key, next[key]);
  return `?${params}`;
}

/** "12 ms", "1.4 s": three figures are enough to compare. */
export function formatMs(ms: number): string {
  if (ms < 1) return "< 1 ms";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** "640 B", "12 kB", "3.4 MB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
