/** What of a request is refused before anything is looked up. Pure. */
import type { IncomingMessage } from "node:http";
import { refusals } from "./answers/refusal.ts";
import type { Refusal } from "./answers/refusal.ts";

/**
 * The request target in origin form. Absolute form, which proxies are asked with, must name the host that `Host` names;
 * null where it does not, or where it is neither (`OPTIONS *`).
 */
export function toTarget(url: string, host: string): string | null {
  if (url.charCodeAt(0) === 47) return url;
  const prefix = /^https?:\/\//i.exec(url)?.[0];
  if (prefix === undefined) return null;
  const rest = url.slice(prefix.length);
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  if (authority.toLowerCase() !== host.toLowerCase()) return null;
  const target = end === -1 ? "" : rest.slice(end);
  return target.startsWith("/") ? target : `/${target}`;
}

/** Whether the path, in any spelling, begins with `/_platform`, which runners keep for the platform. */
export function isReservedPath(target: string): boolean {
  const second = target.charCodeAt(1);
  // `_`, `%`, `/` and `.` are the only ways to begin it: every other path passes on one look.
  if (second !== 95 && second !== 37 && second !== 47 && second !== 46) return false;
  const mark = target.search(/[?#]/);
  const path = (mark === -1 ? target : target.slice(0, mark)).replace(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return /^[/.]*_platform(?:\/|$)/.test(path);
}

/** Headers of one request. Browsers send some 20; past 2,000 node would drop what follows without a word. */
const MAX_HEADERS = 500;

/**
 * Node's parser already refuses what smuggling is made of (both lengths, two lengths, bad chunks). What is left: two hosts,
 * of which another reader may believe the other, and encodings that are lost when the body is framed anew.
 */
export function checkRequest(req: IncomingMessage, { upgrade = false }: { upgrade?: boolean } = {}): Refusal | null {
  // A line without a version passes for HTTP/0.9.
  if (req.httpVersionMajor !== 1) return refusals.badRequest("It is not HTTP/1.1.");
  const encoding = req.headers["transfer-encoding"];
  if (req.httpVersionMinor === 0) {
    // RFC 9112, 6.1: a relay before us that knows no chunks has read another length than we do.
    if (encoding !== undefined) return refusals.badRequest("HTTP/1.0 has no transfer encodings.");
  } else if (req.headers.host === undefined) return refusals.badRequest("It names no host.");
  if (req.rawHeaders.length > 2 * MAX_HEADERS) return refusals.tooManyHeaders();
  if (encoding !== undefined && encoding.trim().toLowerCase() !== "chunked") return refusals.unsupportedEncoding();
  if (upgrade && (encoding !== undefined || (req.headers["content-length"] ?? "0") !== "0")) {
    return refusals.badRequest("A request to switch protocols has no body here.");
  }
  return hasTwoHosts(req.rawHeaders) ? refusals.badRequest("It names more than one host.") : null;
}

function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === "host") hosts += 1;
  }
  return hosts > 1;
}
