/** Headers of a test request: rows, what may not be sent and why, names to complete from. Pure. */

/** A header, a field of a form: what is off stays in its place and is not sent. */
export interface Row {
  name: string;
  value: string;
  on: boolean;
}

export const emptyRow: Row = { name: "", value: "", on: true };

/** Offered while a name is typed. */
export const commonHeaders = [
  "Accept",
  "Accept-Language",
  "Authorization",
  "Cache-Control",
  "Content-Type",
  "Cookie",
  "Idempotency-Key",
  "If-Match",
  "If-Modified-Since",
  "If-None-Match",
  "Last-Event-ID",
  "Origin",
  "Prefer",
  "Range",
  "Referer",
  "User-Agent",
  "X-API-Key",
  "X-Requested-With",
] as const;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const aboutConnection = new Set([
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
]);

/** Why this header cannot be sent, or null. What the gateway would take away is told here rather than lost without a word. */
export function refuseHeader({ name, value }: Pick<Row, "name" | "value">): string | null {
  const key = name.trim().toLowerCase();
  if (key === "") return value.trim() === "" ? null : "A header needs a name.";
  if (!token.test(name.trim())) return `“${name.trim()}” is no name for a header: it has letters, digits and - only.`;
  if (!fieldValue.test(value)) return `The value of ${name.trim()} has characters that no header can carry.`;
  if (value.length > 16_384) return `The value of ${name.trim()} is longer than 16 KB.`;
  if (key === "host") return "Host is always the app's own address.";
  if (key === "content-length" || key === "transfer-encoding") return `${name.trim()} follows from the body.`;
  if (aboutConnection.has(key)) return `${name.trim()} is about one connection, and the one to the app is the platform's.`;
  if (/^x-fp-|^x-forwarded-|^(x-request-id|x-real-ip|forwarded)$/.test(key)) return `${name.trim()} is set by the platform.`;
  return null;
}

export const isHeaderValue = (value: string): boolean => fieldValue.test(value);
export const isHeaderName = (name: string): boolean => token.test(name);

/** The rows that are sent, as a request carries them: a name that stands twice is one list (RFC 9110, 5.3; cookies: RFC 6265). */
export function toHeaders(rows: readonly Row[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name: raw, value, on } of rows) {
    const name = raw.trim();
    if (!on || name === "") continue;
    const before = Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase());
    if (before === undefined) headers[name] = value.trim();
    else headers[before] += `${name.toLowerCase() === "cookie" ? "; " : ", "}${value.trim()}`;
  }
  return headers;
}

/** Rows from pasted lines `Name: value`, as browsers' tools copy them; null when it is something else. */
export function parseHeaderLines(text: string): Row[] | null {
  const rows = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map((line) => /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line));
  if (rows.length === 0 || rows.some((row) => row === null)) return null;
  return rows.map((row) => ({ name: row![1]!, value: row![2]!, on: true }));
}
