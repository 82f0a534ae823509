/**
 * Recognises the plainest of requests: HTTP/1.1, without a body, without anything that needs thought. All else, what is wrong
 * included, is left to node's parser: where this one says yes, both read the same (held by a test), and where it says no,
 * nothing is decided. Pure.
 */
import { scanHead } from "../fields.ts";

export interface PlainRequest {
  method: string;
  /** Origin form. */
  target: string;
  /** Flat: name, value, name, value. */
  rawHeaders: string[];
  host: string;
  /** Where the bytes go on after it. */
  next: number;
}

/** Node's limit for a head; what is longer is for node to refuse. */
const MAX_HEAD_BYTES = 16_384;
/** More than browsers send; who sends more is judged elsewhere. */
const MAX_FIELDS = 100;

/** @returns null for node, which is also told of a head whose end has not come. */
export function parsePlainRequest(bytes: Buffer): PlainRequest | null {
  const head = scanHead(bytes, 0, Math.min(bytes.length, MAX_HEAD_BYTES));
  if (head === null || head.fields.length > 2 * MAX_FIELDS) return null;
  const { line, fields, next } = head;
  const method = line.startsWith("GET ") ? "GET" : line.startsWith("HEAD ") ? "HEAD" : null;
  if (method === null || !line.endsWith(" HTTP/1.1")) return null;
  const target = line.slice(method.length + 1, -9);
  // `//x` and an authority are told apart by others; visible ASCII and nothing else.
  if (!/^\/[!-~]*$/.test(target)) return null;
  const host = hostOf(fields);
  return host === null ? null : { method, target, rawHeaders: fields, host, next };
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
