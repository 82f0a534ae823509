/** React Router's request handler, given what pages need: services, caller, nonce, the visible address, and the policy on what comes back. */
import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { RouterContextProvider } from "react-router";
import type { Caller } from "#server/accounts/index.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Services } from "#server/services.ts";
import { callerContext, nonceContext, servicesContext, visitContext } from "./context.ts";
import { problemResponse } from "./errors.ts";
import { currentRequestId } from "./request-context.ts";
import { appsOriginOf, pagePolicy } from "./security.ts";

export type PageHandler = (request: Request, context: RouterContextProvider) => Promise<Response>;

export function createPages({
  services,
  handler,
  development,
}: {
  services: Services;
  handler: PageHandler;
  development: boolean;
}): (c: Context) => Promise<Response> {
  const { config } = services;
  const publicUrl = new URL(config.publicUrl);
  const appsOrigin = appsOriginOf(config);
  return async (c) => {
    const incoming = c.req.raw;
    const elsewhere = redirectToPublicHost(incoming, publicUrl);
    if (elsewhere) return elsewhere;
    if (isForeignWrite(incoming, publicUrl.origin))
      return problemResponse(new AppError("bad_origin", `Forms of this site are sent from ${publicUrl.origin} only.`));
    const nonce = randomBytes(16).toString("base64");
    const response = await handler(toPublicRequest(incoming, publicUrl), pageContext(services, incoming, nonce, publicUrl));
    const headers = new Headers(response.headers);
    headers.set("content-security-policy", pagePolicy({ nonce, appsOrigin, development }));
    // Pages show one person's things: kept by nobody in between, and asked for anew.
    if (!headers.has("cache-control")) headers.set("cache-control", "private, no-cache");
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  };
}

/**
 * Pages at 127.0.0.1 lead to PUBLIC_URL, where cookies and links are right. The API is answered there all the same:
 * scripts and probes have no cookies, and would lose their token in a redirect.
 */
function redirectToPublicHost(request: Request, publicUrl: URL): Response | null {
  const url = new URL(request.url);
  if (url.hostname.replace(/\.$/, "") === publicUrl.hostname) return null;
  // 307 keeps the method, and unlike 308 is not remembered by browsers when PUBLIC_URL changes.
  return new Response(null, {
    status: 307,
    headers: { location: publicUrl.origin + url.pathname + url.search, "cache-control": "no-store" },
  });
}

function pageContext(services: Services, request: Request, nonce: string, publicUrl: URL): RouterContextProvider {
  let caller: Promise<Caller | null> | undefined;
  const context = new RouterContextProvider();
  context.set(servicesContext, services);
  context.set(nonceContext, nonce);
  context.set(visitContext, { requestId: currentRequestId() ?? "", path: visiblePath(request, publicUrl), logger: services.logger });
  context.set(callerContext, () => (caller ??= services.accounts.findCaller(request.headers)));
  return context;
}

/**
 * React Router holds `Origin` against the request's own address, which behind a proxy has another scheme or port than the
 * visitor's; PUBLIC_URL is what they see. Body, upload and abort pass over.
 */
function toPublicRequest(request: Request, publicUrl: URL): Request {
  const url = new URL(request.url);
  if (url.protocol === publicUrl.protocol && url.host === publicUrl.host) return request;
  url.protocol = publicUrl.protocol;
  url.host = publicUrl.host;
  if (publicUrl.port === "") url.port = "";
  return new Request(url, request);
}

/** The session cookie is SameSite=Lax, which lets sibling hosts (apps!) send forms; browsers say where a form comes from. */
export function isForeignWrite(request: Request, ownOrigin: string): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  return (origin !== null && origin !== ownOrigin) || (site !== null && site !== "same-origin" && site !== "none");
}

/** Where the person is: the page's own path for a navigation and for React Router's data requests, the page behind a form for a write. */
export function visiblePath(request: Request, publicUrl: URL): string {
  const referer = request.headers.get("referer");
  const url = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD" && referer !== null && URL.canParse(referer)) {
    const from = new URL(referer);
    if (from.origin === publicUrl.origin) return from.pathname + from.search;
  }
  const path = url.pathname
    .replace(/\/_root\.data$/, "/")
    .replace(/\/_\.data$/, "/")
    .replace(/\.data$/, "");
  url.searchParams.delete("_routes");
  url.searchParams.delete("index");
  return path + (url.searchParams.size > 0 ? `?${url.searchParams}` : "");
}
