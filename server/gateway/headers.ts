/** Which headers pass between caller and app. Pure; all lists are flat as in `rawHeaders`: name, value, name, value. */
import { confineCookie, withoutPlatformCookies } from "./cookies.ts";
import { createTraceparent, isTraceparent } from "./ids.ts";

/** About one connection and not the message (RFC 9110, 7.6.1), in both directions. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Names a `Connection` header lists, but for those that mean nothing more than the header itself. */
function listedByConnection(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "keep-alive" && name !== "close" && name !== "upgrade");
}

export interface AppHeadersInput {
  rawHeaders: readonly string[];
  requestId: string;
  /** The direct peer's address. */
  peer: string;
  /** Whether that peer's `X-Forwarded-*` is believed. */
  trusted: boolean;
  /** What the peer used to reach us, as far as we know. */
  protocol: "http" | "https";
  host: string;
}

export interface AppHeaders {
  /** For the app; the last pair is `x-fp-instance`, whose value the caller fills in. */
  headers: string[];
  hx: Record<string, string>;
}

const NO_HX: Record<string, string> = Object.freeze({});

/** The headers an app gets: the caller's in their order and spelling, less what is not for the app, plus ours. */
export function toAppHeaders(input: AppHeadersInput): AppHeaders {
  const { rawHeaders, trusted } = input;
  const headers: string[] = [];
  let hx = NO_HX;
  let listed: string[] | undefined;
  let traceparent = "";
  let forwardedFor = "";
  let forwardedProto = "";
  let forwardedHost = "";
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key)) {
      if (key === "connection") {
        const found = listedByConnection(value);
        if (found.length > 0) listed = listed === undefined ? found : listed.concat(found);
      }
      continue;
    }
    switch (key.charCodeAt(0)) {
      case 120: // x
        if (key.startsWith("x-fp-") || key === "x-request-id") continue;
        if (key.startsWith("x-forwarded-") || key === "x-real-ip") {
          if (!trusted) continue;
          if (key === "x-forwarded-for") forwardedFor = forwardedFor === "" ? value : `${forwardedFor}, ${value}`;
          else if (key === "x-forwarded-proto") forwardedProto = value;
          else if (key === "x-forwarded-host") forwardedHost = value;
          else break;
          continue;
        }
        break;
      case 104: // h
        if (key === "host") continue;
        if (key.startsWith("hx-")) {
          if (hx === NO_HX) hx = {};
          // The address of the page carries values of its query, which a record must not.
          hx[key] = (key === "hx-current-url" ? value.replace(/[?#].*$/, "") : value).slice(0, 200);
        }
        break;
      case 99: // c
        if (key === "cookie") {
          const kept = withoutPlatformCookies(value);
          if (kept !== null) headers.push(name, kept);
          continue;
        }
        break;
      case 116: // t
        if (key === "traceparent") {
          if (isTraceparent(value)) traceparent = value;
          continue;
        }
        break;
      case 101: // e: the gateway itself answered `Expect: 100-continue`
        if (key === "expect") continue;
        break;
      case 102: // f
        if (key === "forwarded" && !trusted) continue;
        break;
    }
    headers.push(name, value);
  }
  const kept = listed === undefined ? headers : without(headers, listed);
  kept.push(
    "host", input.host,
    "x-forwarded-for", forwardedFor === "" ? input.peer : `${forwardedFor}, ${input.peer}`,
    "x-forwarded-proto", forwardedProto === "" ? input.protocol : forwardedProto,
    "x-forwarded-host", forwardedHost === "" ? input.host : forwardedHost,
    "traceparent", traceparent === "" ? createTraceparent(input.requestId) : traceparent,
    "x-request-id", input.requestId,
    "x-fp-instance", "",
  );
  return { headers: kept, hx };
}

function without(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!names.includes(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}

/** The headers a caller gets: the app's in their order and spelling, less those about our connection to the app. */
export function toCallerHeaders(raw: readonly (Buffer | string)[], hostname: string): string[] {
  const headers: string[] = [];
  let listed: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = toText(raw[i]!);
    const value = toText(raw[i + 1]!);
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key)) {
      if (key === "connection") {
        const found = listedByConnection(value);
        if (found.length > 0) listed = found;
      }
      continue;
    }
    headers.push(name, key === "set-cookie" ? confineCookie(value, hostname) : value);
  }
  return listed === undefined ? headers : without(headers, listed);
}

/** Bytes of a header one to one, as node writes them back. */
function toText(value: Buffer | string): string {
  return typeof value === "string" ? value : value.toString("latin1");
}

/** The value of `name` (lower case) in a flat list, or undefined. */
export function findHeader(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.length === name.length && headers[i]!.toLowerCase() === name) return headers[i + 1];
  }
  return undefined;
}
