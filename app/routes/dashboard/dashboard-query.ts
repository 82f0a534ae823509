/** The dashboard's state in its address: the requests' filter, their page, the one that is open, and the span of the figures. */
export interface RequestQuery {
  /** Undefined: 24 hours. */
  window: "7d" | undefined;
  status: string | undefined;
  method: string | undefined;
  path: string | undefined;
  cursor: string | undefined;
  /** The id of the request whose detail is open. */
  request: string | undefined;
}

const keys = ["window", "status", "method", "path", "cursor", "request"] as const;

export function readRequestQuery(params: URLSearchParams): RequestQuery {
  const read = (key: string) => params.get(key)?.trim().slice(0, 500) || undefined;
  const status = read("status");
  return {
    window: read("window") === "7d" ? "7d" : undefined,
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

/** "640 B", "12 kB", "3.4 MB". */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}
