/** The gateway's half of a request record: the facts. The runner adds an exception by the same `id`. */
export interface RequestRecord {
  /** 32 hex digits, ordered by time; also what the app gets as `X-Request-Id`. */
  id: string;
  appId: string;
  at: Date;
  method: string;
  /** Without the query; at most 2,048 characters. */
  path: string;
  /** Names only: values may be secrets. At most 50, each at most 100 characters. */
  queryNames: string[];
  /** What the caller was answered; 499 when they left before there was an answer. */
  status: number;
  /** To the last byte; for streams of events and sockets, which last as long as they like, to the head of the answer. */
  latencyMs: number;
  /** Body bytes; for sockets, all bytes after the handshake. */
  bytesIn: number;
  bytesOut: number;
  /** How long starting an instance took, on the first request that was forwarded after it; null on all others. */
  coldStartMs: number | null;
  /** 0 when no instance answered. */
  version: number;
  instanceId: string | null;
  /** The request's `HX-*` headers, in lower case. */
  hx: Record<string, string>;
  answeredBy: "app" | "gateway";
  /** The exchange ended before its answer did; by whom. */
  aborted?: "client" | "app";
}

const MAX_NAMES = 50;
const MAX_NAME_LENGTH = 100;
const MAX_PATH_LENGTH = 2_048;

/** Splits a request target into the recorded path and the names of its query. */
export function toRecordedTarget(target: string): { path: string; queryNames: string[] } {
  const mark = target.indexOf("?");
  const path = (mark === -1 ? target : target.slice(0, mark)).slice(0, MAX_PATH_LENGTH);
  return { path, queryNames: mark === -1 ? [] : queryNamesOf(target, mark + 1) };
}

function queryNamesOf(target: string, from: number): string[] {
  const names: string[] = [];
  for (let start = from; start < target.length && names.length < MAX_NAMES;) {
    let end = target.indexOf("&", start);
    if (end === -1) end = target.length;
    const equals = target.indexOf("=", start);
    const name = decodeName(target.slice(start, equals === -1 || equals > end ? end : equals));
    if (name !== "" && !names.includes(name)) names.push(name);
    start = end + 1;
  }
  return names;
}

function decodeName(raw: string): string {
  if (!/[+%]/.test(raw)) return raw.slice(0, MAX_NAME_LENGTH);
  const spaced = raw.slice(0, MAX_NAME_LENGTH * 3).replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced).slice(0, MAX_NAME_LENGTH);
  } catch {
    return spaced.slice(0, MAX_NAME_LENGTH);
  }
}

/** The record of a request that was refused before it came near an instance. */
export function toRefusalRecord(
  appId: string,
  request: { method: string; target: string },
  id: string,
  status: number,
  hx: Record<string, string>,
): RequestRecord {
  const { path, queryNames } = toRecordedTarget(request.target);
  return {
    id,
    appId,
    at: new Date(),
    method: request.method,
    path,
    queryNames,
    status,
    hx,
    latencyMs: 0,
    bytesIn: 0,
    bytesOut: 0,
    coldStartMs: null,
    version: 0,
    instanceId: null,
    answeredBy: "gateway",
  };
}
