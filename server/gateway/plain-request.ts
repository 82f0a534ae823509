/**
 * Recognises the plainest of requests: HTTP/1.1, without a body, without anything that needs thought. All else, what is wrong
 * included, is left to node's parser: where this one says yes, both read the same (held by a test), and where it says no,
 * nothing is decided. Pure.
 */
import { isCleanHead, parseFields } from "./fields.ts";

export interface PlainRequest {
  method: string;
  /** Origin form. */
  target: string;
  /** Flat: name, value, name, value. */
  rawHeaders: string[];
  host: string;
}

/** More than browsers send; who sends more is judged elsewhere. */
const MAX_FIELDS = 100;

/** @param end where the head's last line ends in `bytes`, before the empty line. Null: for node. */
export function parsePlainRequest(bytes: Buffer, end: number): PlainRequest | null {
  if (!isCleanHead(bytes, 0, end)) return null;
  const head = bytes.toString("latin1", 0, end);
  const method = head.startsWith("GET ") ? "GET" : head.startsWith("HEAD ") ? "HEAD" : null;
  if (method === null) return null;
  const methodEnd = method.length;
  const lineEnd = head.indexOf("\r\n");
  const targetEnd = lineEnd - 9;
  if (targetEnd <= methodEnd + 1 || !head.startsWith(" HTTP/1.1\r\n", targetEnd)) return null;
  const target = head.slice(methodEnd + 1, targetEnd);
  // `//x` and an authority are told apart by others; visible ASCII and nothing else.
  if (!/^\/[!-~]*$/.test(target)) return null;
  const rawHeaders = parseFields(head, lineEnd + 2);
  if (rawHeaders === null || rawHeaders.length > 2 * MAX_FIELDS) return null;
  const host = hostOf(rawHeaders);
  return host === null ? null : { method, target, rawHeaders, host };
}

/** The value of the one `Host`, or null when there is none, or something among the fields that is not plain. */
function hostOf(fields: readonly string[]): string | null {
  let host: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    switch (name.length) {
      // By length first: few names are put in lower case then.
      case 4:
        if (name.toLowerCase() !== "host") break;
        if (host !== null) return null;
        host = fields[i + 1]!;
        break;
      case 10:
        if (name.toLowerCase() === "connection" && fields[i + 1]!.toLowerCase() !== "keep-alive") return null;
        break;
      case 6:
      case 7:
      case 14:
      case 16:
      case 17:
        if (isNotPlain(name.toLowerCase())) return null;
        break;
    }
  }
  return host === "" ? null : host;
}

/** Fields that announce a body, another protocol, or an answer of another kind. */
function isNotPlain(name: string): boolean {
  switch (name) {
    case "expect":
    case "upgrade":
    case "trailer":
    case "content-length":
    case "http2-settings":
    case "proxy-connection":
    case "transfer-encoding":
      return true;
    default:
      return false;
  }
}
