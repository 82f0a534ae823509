/** What an app is told when it is not led on: status, the word of `X-FP-Egress`, and what to do. Pure. */
import { toHead } from "#server/http/response-head.ts";
import type { EgressReason, Target } from "./policy.ts";

/** Beside the decisions: what is nobody's fault here, or the client's. */
export type EgressFailure = "bad_request" | "name_not_found" | "connect_failed" | "connect_timeout" | "upstream_failed" | "unavailable";

/** The administrator's setting that would allow it. */
export type EgressSetting = "egress.domains" | "egress.ports";

export interface Refusal {
  status: number;
  reason: EgressReason | EgressFailure;
  setting: EgressSetting | null;
  words: string;
}

/** The refusals that a decision stands behind, which are told in the app's log and counted. */
export type DecidedRefusal = Refusal & { reason: EgressReason };

const settingOf: Record<EgressReason, EgressSetting | null> = {
  domain_not_allowed: "egress.domains",
  port_not_allowed: "egress.ports",
  address_not_allowed: null,
  too_many_connections: null,
};

/** @param ports those that are open, to be named; @param most connections an app may have. */
export function refuse(reason: EgressReason, target: Target, ports: readonly number[], most: number): DecidedRefusal {
  const shown = toShown(target);
  const words: Record<EgressReason, string> = {
    domain_not_allowed: `${shown} was not reached: ${target.name} is not among the domains that apps may call. An administrator can add it to the setting egress.domains (PUT /api/admin/egress).`,
    port_not_allowed: `${shown} was not reached: port ${target.port} is not among the ports that apps may call (${ports.join(", ") || "none"}). An administrator can add it to the setting egress.ports (PUT /api/admin/egress).`,
    address_not_allowed: `${shown} was not reached: it is not on the public Internet, and apps reach nothing else; no setting allows it. To call another app, use its URL; what this app serves to itself is at 127.0.0.1, without the proxy.`,
    too_many_connections: `${shown} was not reached: this app has ${most} connections to the Internet open, which is the most. Close those that are not needed, or reuse them (one client for all requests).`,
  };
  return { status: reason === "too_many_connections" ? 503 : 403, reason, setting: settingOf[reason], words: words[reason] };
}

export const failures = {
  badRequest: (what: string): Refusal => ({
    status: 400,
    reason: "bad_request",
    setting: null,
    words: `This is the proxy that leads apps to the Internet, and it did not understand the request: ${what}. Nothing was sent on.`,
  }),
  nameNotFound: (target: Target): Refusal => ({
    status: 502,
    reason: "name_not_found",
    setting: null,
    words: `${toShown(target)} was not reached: no address was found for ${target.name}. Check its spelling, or try again in a moment.`,
  }),
  connectFailed: (target: Target, code: string): Refusal => ({
    status: 502,
    reason: "connect_failed",
    setting: null,
    words: `${toShown(target)} was not reached: it refused the connection or is away (${code}). Nothing was sent.`,
  }),
  connectTimeout: (target: Target): Refusal => ({
    status: 504,
    reason: "connect_timeout",
    setting: null,
    words: `${toShown(target)} was not reached: it did not answer in time. Nothing was sent.`,
  }),
  noAnswer: (target: Target): Refusal => ({
    status: 504,
    reason: "upstream_failed",
    setting: null,
    words: `${toShown(target)} was reached and took the request, but has been silent since. Whether it acted on it is not known.`,
  }),
  upstreamFailed: (target: Target, code: string): Refusal => ({
    status: 502,
    reason: "upstream_failed",
    setting: null,
    words: `${toShown(target)} was reached, but what it answered is no HTTP, or it broke off (${code}). Whether it acted on the request is not known.`,
  }),
  unavailable: (target: Target): Refusal => ({
    status: 503,
    reason: "unavailable",
    setting: null,
    words: `${toShown(target)} was not reached: the platform is starting or stopping. Nothing was sent. Try again in a moment.`,
  }),
};

const toShown = ({ name, port }: Target): string => `${name.includes(":") ? `[${name}]` : name}:${port}`;

/** Header names and values in turn, and the body. */
export function toAnswer({ reason, words }: Refusal): { headers: string[]; body: Buffer } {
  const body = Buffer.from(`${words}\n`);
  const headers = ["content-type", "text/plain; charset=utf-8", "content-length", String(body.length)];
  // The client may not have sent all of its request: what is left of it must not be read as the next one.
  return { headers: [...headers, "cache-control", "no-store", "x-fp-egress", reason, "connection", "close"], body };
}

/** The answer as it goes to a bare socket. */
export function toBytes(refusal: Refusal): Buffer {
  const { headers, body } = toAnswer(refusal);
  return Buffer.concat([Buffer.from(toHead(refusal.status, undefined, headers), "latin1"), body]);
}
