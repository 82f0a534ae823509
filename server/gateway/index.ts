/**
 * The way into apps: looks at a request's host, waits for the app to wake where it sleeps, and passes the request on to an
 * instance and the answer back, byte by byte. Puts apps to sleep when nothing has come in for their sleep time.
 *
 * Guarantees: an app is woken once however many ask; nobody waits without bound; bodies are never buffered; an app's answer
 * is passed on untouched but for hop-by-hop headers and cookies wider than its host; a request the app may have seen is never
 * sent twice unless it is idempotent; the platform's cookies, `X-FP-*` and `/_platform/*` stop here; every exchange is recorded.
 *
 * Does not: know users or the database (it asks `RouteTable` and reports to `recordRequest` and `onActivity`), start processes
 * (the runtime does), or serve the platform's own pages.
 */
export type { PassOn } from "./visitor/front.ts";
export { createGateway } from "./gateway.ts";
export type { Gateway, GatewayOptions } from "./gateway.ts";
export { draftEntryPath } from "./drafts.ts";
export type { DraftAccess } from "./drafts.ts";
export { MAX_INTERNAL_BODY_BYTES } from "./platform/internal.ts";
export type { InternalAnswer, InternalHead, InternalRequest, InternalWatch } from "./platform/internal.ts";
export type { GatewayLimits } from "./limits.ts";
export type { Logger } from "./logger.ts";
export { createAppPorts } from "./ports.ts";
export type { AppPorts, PortStore } from "./ports.ts";
export type { RequestRecord } from "./record.ts";
export type { GatewayCode } from "./answers/refusal.ts";
export type { Route, RouteTable } from "./route.ts";
