/** The first line of an answer and where its body ends. Pure. */
import { isFieldValue } from "../fields.ts";

/** A chunk's size in hex digits, so that it stays an exact number. */
const MAX_SIZE_DIGITS = 12;

/** The status of a first line `HTTP/1.x NNN…`, or 0. */
export function toStatus(line: string): number {
  if (!line.startsWith("HTTP/1.") || line.charCodeAt(8) !== 32) return 0;
  const minor = line.charCodeAt(7);
  if (minor !== 48 && minor !== 49) return 0;
  // Some leave out the space before a reason that they leave out.
  if (line.length > 12 && line.charCodeAt(12) !== 32) return 0;
  let status = 0;
  for (let i = 9; i < 12; i += 1) {
    const digit = line.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return 0;
    status = status * 10 + digit;
  }
  return status >= 100 ? status : 0;
}

/** Whether an answer ends with its head, whatever its fields say (RFC 9112, 6.3). */
export function isBodiless(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 304;
}

export interface Framing {
  chunked: boolean;
  /** -1: to the end of the connection, or chunked. */
  length: number;
  keepAlive: boolean;
}

/** Where a body ends (RFC 9112, 6.3); null for what contradicts itself. */
export function toFraming(headers: readonly string[], isHttp11: boolean): Framing | null {
  let chunked = false;
  let length = -1;
  let close = !isHttp11;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    // By length first: three names of ten, fourteen and seventeen letters matter.
    if (name.length === 14 && name.toLowerCase() === "content-length") {
      const value = headers[i + 1]!;
      if (length !== -1 || !/^\d{1,15}$/.test(value)) return null;
      length = Number(value);
    } else if (name.length === 17 && name.toLowerCase() === "transfer-encoding") {
      if (chunked || !isHttp11 || headers[i + 1]!.toLowerCase() !== "chunked") return null;
      chunked = true;
    } else if (name.length === 10 && name.toLowerCase() === "connection" && /(?:^|[\s,])close(?:$|[\s,])/i.test(headers[i + 1]!))
      close = true;
  }
  if (chunked && length !== -1) return null;
  return { chunked, length, keepAlive: !close };
}

/** The size in `1a;extension\r\n`, or -1. */
export function toChunkSize(line: string): number {
  let size = 0;
  let at = 0;
  for (; at < line.length && at <= MAX_SIZE_DIGITS; at += 1) {
    const digit = toHexDigit(line.charCodeAt(at));
    if (digit === -1) break;
    size = size * 16 + digit;
  }
  if (at === 0 || at > MAX_SIZE_DIGITS || !line.endsWith("\r\n")) return -1;
  const rest = line.slice(at, -2);
  if (rest !== "" && (!/^[ \t]*;/.test(rest) || !isFieldValue(rest))) return -1;
  return size;
}

function toHexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
