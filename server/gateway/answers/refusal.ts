/** Answers that the gateway gives itself: what happened, in words a visitor may read, and never an app's internals. */
import { formatBytes } from "#core/limits.ts";
import { errorPage, wakingPage } from "./pages.ts";

export interface Refusal {
  status: number;
  /** Stable, for programs; listed in docs/errors. */
  code: GatewayCode;
  title: string;
  detail: string;
  retryAfterSeconds?: number;
  /** Where who reads this in a browser can go on. */
  link?: { href: string; label: string };
}

export type GatewayCode =
  | "bad_request"
  | "body_too_large"
  | "body_timeout"
  | "not_found"
  | "draft_only"
  | "app_stopped"
  | "app_not_deployed"
  | "app_waking"
  | "app_failed"
  | "app_timeout"
  | "too_many_requests"
  | "too_many_requests_waiting"
  | "too_many_requests_in_flight"
  | "runtime_unavailable"
  | "stopping";

export const refusals = {
  unknownHost: (): Refusal => ({ status: 404, code: "not_found", title: "No app here", detail: "There is no app at this address." }),
  reservedPath: (): Refusal => ({
    status: 404,
    code: "not_found",
    title: "Nothing here",
    detail: "This path is kept for the platform's own use.",
  }),
  badRequest: (detail: string): Refusal => ({ status: 400, code: "bad_request", title: "This request cannot be passed on", detail }),
  unsupportedEncoding: (): Refusal => ({
    status: 501,
    code: "bad_request",
    title: "This request cannot be passed on",
    detail: "The only transfer encoding understood here is chunked.",
  }),
  tooManyHeaders: (): Refusal => ({
    status: 431,
    code: "bad_request",
    title: "This request cannot be passed on",
    detail: "It has more than 500 headers.",
  }),
  stopped: (reason: string | undefined): Refusal => ({
    status: 503,
    code: "app_stopped",
    title: "This app is stopped",
    detail: reason ? sentence(reason) : "Its owner has stopped it.",
    retryAfterSeconds: 60,
  }),
  neverDeployed: (): Refusal => ({
    status: 503,
    code: "app_not_deployed",
    title: "Nothing is deployed here yet",
    detail: "The app exists, and answers once its first version is deployed.",
    retryAfterSeconds: 30,
  }),
  draftOnly: (entry: string | undefined): Refusal => ({
    status: 403,
    code: "draft_only",
    title: "This is a draft",
    detail: "Only its owner can open it, from the editor.",
    ...(entry === undefined ? {} : { link: { href: entry, label: "I am its owner: open it" } }),
  }),
  draftLinkDead: (entry: string | undefined): Refusal => ({
    status: 403,
    code: "draft_only",
    title: "This link has been used",
    detail: "A link to a draft works once, for a minute. The draft itself is as it was.",
    ...(entry === undefined ? {} : { link: { href: entry, label: "I am its owner: open the draft" } }),
  }),
  tooManyWaiting: (): Refusal => ({
    status: 503,
    code: "too_many_requests_waiting",
    title: "Too many requests are waiting",
    detail: "The app is starting, and as many requests as may are waiting for it.",
    retryAfterSeconds: 2,
  }),
  wakeTimeout: (): Refusal => ({
    status: 503,
    code: "app_waking",
    title: "The app is still starting",
    detail: "It has not answered in time. It goes on starting; try again in a moment.",
    retryAfterSeconds: 5,
  }),
  tooManyInFlight: (): Refusal => ({
    status: 503,
    code: "too_many_requests_in_flight",
    title: "The app is busy",
    detail: "It is working on as many requests as it may, and none of them ended in time.",
    retryAfterSeconds: 1,
  }),
  tooManyRequests: (retryAfterSeconds: number): Refusal => ({
    status: 429,
    code: "too_many_requests",
    title: "Too many requests",
    detail: "The app was asked more often than it may be. This request did not reach it; try again a little later.",
    retryAfterSeconds,
  }),
  bodyTooLarge: (limitBytes: number): Refusal => ({
    status: 413,
    code: "body_too_large",
    title: "This is too large",
    detail: `A request to an app may carry ${formatBytes(limitBytes)} here. The setting is APP_BODY_LIMIT_MB.`,
  }),
  bodyTimeout: (): Refusal => ({
    status: 408,
    code: "body_timeout",
    title: "The request stopped half-way",
    detail: "Its body was announced and did not come.",
  }),
  failedToStart: (): Refusal => ({
    status: 502,
    code: "app_failed",
    title: "The app could not be started",
    detail: "Its owner finds the reason in its logs.",
  }),
  noRoom: (): Refusal => ({
    status: 503,
    code: "runtime_unavailable",
    title: "The app cannot be started right now",
    detail: "The platform could not start it. Try again in a moment.",
    retryAfterSeconds: 5,
  }),
  unreachable: (): Refusal => ({
    status: 502,
    code: "app_failed",
    title: "The app cannot be reached",
    detail: "Its instance does not accept connections.",
    retryAfterSeconds: 2,
  }),
  noAnswer: (): Refusal => ({
    status: 502,
    code: "app_failed",
    title: "The app did not answer",
    detail: "It ended the connection without a whole answer.",
  }),
  badAnswer: (detail: string): Refusal => ({
    status: 502,
    code: "app_failed",
    title: "The app's answer cannot be passed on",
    detail,
  }),
  timeout: (): Refusal => ({
    status: 504,
    code: "app_timeout",
    title: "The app took too long",
    detail: "It did not begin to answer in time.",
  }),
  stopping: (): Refusal => ({
    status: 503,
    code: "stopping",
    title: "The platform is restarting",
    detail: "Try again in a moment.",
    retryAfterSeconds: 2,
  }),
} as const;

function sentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

export interface GatewayAnswer {
  status: number;
  headers: string[];
  body: Buffer;
}

/** Writes a refusal for who asked: HTML for a browser, problem+json (RFC 9457) for all else. */
export function toAnswer(refusal: Refusal, requestId: string, wantsHtml: boolean): GatewayAnswer {
  const { status, code, title, detail, retryAfterSeconds, link } = refusal;
  const body = wantsHtml
    ? errorPage({ title, detail, requestId, link })
    : { html: JSON.stringify({ type: "about:blank", title, status, detail, code, requestId }), policy: undefined };
  const headers = headersOf(wantsHtml, body.policy);
  if (retryAfterSeconds !== undefined) headers.push("retry-after", String(retryAfterSeconds));
  return withLength(status, headers, body.html);
}

/** The page a browser sees while an app starts: it asks again by itself every second. */
export function toWakingAnswer(requestId: string): GatewayAnswer {
  const page = wakingPage({ requestId });
  return withLength(503, [...headersOf(true, page.policy), "retry-after", "1", "x-fp-waking", "1"], page.html);
}

function headersOf(html: boolean, policy: string | undefined): string[] {
  const headers = [
    "content-type",
    html ? "text/html; charset=utf-8" : "application/problem+json",
    "cache-control",
    "no-store",
    "x-content-type-options",
    "nosniff",
  ];
  if (policy !== undefined) headers.push("content-security-policy", policy);
  return headers;
}

function withLength(status: number, headers: string[], text: string): GatewayAnswer {
  const body = Buffer.from(text);
  headers.push("content-length", String(body.length));
  return { status, headers, body };
}
