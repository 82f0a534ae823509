/** Which headers pass between caller and app. Pure; all lists are flat as in `rawHeaders`: name, value, name, value. */
import { confineCookie, withoutPlatformCookies } from "./cookies.ts";
import { createTraceparent, isTraceparent } from "./ids.ts";

/**
 * The name in lower case of a field about one connection and not the message (RFC 9110, 7.6.1), in both directions; else null.
 * By length first, for most names are none and need not be put in lower case then.
 */
function hopByHop(name: string): string | null {
  switch (name.length) {
    case 2:
      return same(name, "te");
    case 7:
      return same(name, "upgrade") ?? same(name, "trailer");
    case 10:
      return same(name, "connection") ?? same(name, "keep-alive");
    case 16:
      return same(name, "proxy-connection");
    case 17:
      return same(name, "transfer-encoding");
    case 18:
      return same(name, "proxy-authenticate");
    case 19:
      return same(name, "proxy-authorization");
    default:
      return null;
  }
}

function same(name: string, lower: string): string | null {
  // Letters differ in one bit between the cases, and no two of the first letters here do otherwise.
  if ((name.charCodeAt(0) | 32) !== lower.charCodeAt(0)) return null;
  return name.toLowerCase() === lower ? lower : null;
}

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

/** What is gathered while a request's headers are read. */
interface Gathered {
  headers: string[];
  hx: Record<string, string>;
  listed: string[] | undefined;
  traceparent: string;
  forwardedFor: string;
  forwardedProto: string;
  forwardedHost: string;
}

/** The headers an app gets: the caller's in their order and spelling, less what is not for the app, plus ours. */
export function toAppHeaders(input: AppHeadersInput): AppHeaders {
  const { rawHeaders } = input;
  const found: Gathered = {
    headers: [],
    hx: NO_HX,
    listed: undefined,
    traceparent: "",
    forwardedFor: "",
    forwardedProto: "",
    forwardedHost: "",
  };
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    const hop = hopByHop(name);
    const passed = hop === null ? passOn(found, name, value, input.trusted) : gatherListed(found, hop, value);
    if (passed !== null) found.headers.push(name, passed);
  }
  // Before ours are added: no `Connection` of a caller can take those away.
  const headers = found.listed === undefined ? found.headers : without(found.headers, found.listed);
  headers.push(
    "host",
    input.host,
    "x-forwarded-for",
    found.forwardedFor === "" ? input.peer : `${found.forwardedFor}, ${input.peer}`,
    "x-forwarded-proto",
    found.forwardedProto === "" ? input.protocol : found.forwardedProto,
    "x-forwarded-host",
    found.forwardedHost === "" ? input.host : found.forwardedHost,
    "traceparent",
    found.traceparent === "" ? createTraceparent(input.requestId) : found.traceparent,
    "x-request-id",
    input.requestId,
    "x-fp-instance",
    "",
  );
  return { headers, hx: found.hx };
}

function gatherListed(found: Gathered, key: string, value: string): null {
  if (key !== "connection") return null;
  const names = listedByConnection(value);
  if (names.length > 0) found.listed = found.listed === undefined ? names : found.listed.concat(names);
  return null;
}

/** The value to pass on, or null. Told apart by first letter, for most headers are none of these. */
function passOn(found: Gathered, name: string, value: string, trusted: boolean): string | null {
  switch (name.charCodeAt(0) | 32) {
    case 120: // x
      return passExtension(found, name.toLowerCase(), value, trusted);
    case 104: // h
      return passHost(found, name, value);
    case 99: // c
      return same(name, "cookie") === null ? value : withoutPlatformCookies(value);
    case 116: // t
      if (same(name, "traceparent") === null) return value;
      if (isTraceparent(value)) found.traceparent = value;
      return null;
    case 101: // e; the gateway itself answered `Expect: 100-continue`
      return same(name, "expect") === null ? value : null;
    case 102: // f
      return trusted || same(name, "forwarded") === null ? value : null;
    default:
      return value;
  }
}

function passExtension(found: Gathered, key: string, value: string, trusted: boolean): string | null {
  if (key.startsWith("x-fp-") || key === "x-request-id") return null;
  if (key.startsWith("x-forwarded-") || key === "x-real-ip") return trusted ? takeForwarded(found, key, value) : null;
  return value;
}

function passHost(found: Gathered, name: string, value: string): string | null {
  const key = name.toLowerCase();
  if (key === "host") return null;
  if (key.startsWith("hx-")) {
    if (found.hx === NO_HX) found.hx = {};
    // The address of the page carries values of its query, which a record must not.
    found.hx[key] = (key === "hx-current-url" ? value.replace(/[?#].*$/, "") : value).slice(0, 200);
  }
  return value;
}

/** A trusted proxy's word: three are merged with ours, the rest pass. */
function takeForwarded(found: Gathered, key: string, value: string): string | null {
  if (key === "x-forwarded-for") found.forwardedFor = found.forwardedFor === "" ? value : `${found.forwardedFor}, ${value}`;
  else if (key === "x-forwarded-proto") found.forwardedProto = value;
  else if (key === "x-forwarded-host") found.forwardedHost = value;
  else return value;
  return null;
}

function without(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!names.includes(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}

/**
 * The headers a caller gets: the app's in their order and spelling, less those about our connection to the app. With `trailers`
 * the announcement of trailers stays, for a caller that gets those too.
 */
export function toCallerHeaders(raw: readonly string[], hostname: string, { trailers = false } = {}): string[] {
  const headers: string[] = [];
  let listed: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    const hop = hopByHop(name);
    if (hop === null) {
      const kept = name.length === 10 && same(name, "set-cookie") ? confineCookie(value, hostname) : value;
      if (kept !== null) headers.push(name, kept);
    } else if (hop === "connection") {
      const found = listedByConnection(value);
      if (found.length > 0) listed = listed === undefined ? found : listed.concat(found);
    } else if (trailers && hop === "trailer") headers.push(name, value);
  }
  return listed === undefined ? headers : without(headers, listed);
}

/** What a trailer must not say: who merges it into the head would read another message (RFC 9110, 6.5.1). */
const NO_TRAILERS = new Set(["content-length", "content-encoding", "content-type", "content-range", "set-cookie", "host", "authorization"]);

/** The trailers a caller gets: those that the answer's `Trailer` header announced. */
export function toCallerTrailers(raw: readonly string[], announced: string | undefined): string[] {
  const names = (announced ?? "").split(",").map((name) => name.trim().toLowerCase());
  const trailers: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const key = raw[i]!.toLowerCase();
    if (names.includes(key) && hopByHop(key) === null && !NO_TRAILERS.has(key)) trailers.push(raw[i]!, raw[i + 1]!);
  }
  return trailers;
}

/** A flat list without the field `name` (lower case). */
export function withoutField(headers: string[], name: string): string[] {
  return findHeader(headers, name) === undefined ? headers : without(headers, [name]);
}

/** The value of `name` (lower case) in a flat list, or undefined. */
export function findHeader(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.length === name.length && headers[i]!.toLowerCase() === name) return headers[i + 1];
  }
  return undefined;
}
