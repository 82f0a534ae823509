/** `GET /metrics`: the platform's counters, for a scraper on this machine or an administrator's token. */
import { AppError } from "#core/contract/problem.ts";
import { clientAddressHeader } from "#server/accounts/index.ts";
import { metricsContentType } from "#server/metrics/index.ts";
import type { Services } from "#server/services.ts";

/** A proxy on this machine makes every visitor's peer loopback; each of these says that there is one. */
const forwardedHeaders = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];
const loopbackHosts = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** @throws AppError `unauthenticated` or `forbidden`, unless this machine itself or an administrator asks. */
export async function answerMetrics(services: Services, { headers }: Request): Promise<Response> {
  const { metricsPort } = services.config;
  if (metricsPort !== undefined) throw new AppError("not_found", `The counters are at port ${metricsPort} (METRICS_PORT).`);
  if (!isThisMachine(headers)) {
    const caller = await services.accounts.findCaller(headers);
    if (!caller) throw new AppError("unauthenticated", "The counters are for this machine itself, or for an administrator's token.");
    if (caller.user.role !== "admin" || !caller.scopes.has("admin"))
      throw new AppError("forbidden", "The counters are for administrators; a token needs the scope `admin`.");
  }
  return new Response(services.metrics.render(), { headers: { "content-type": metricsContentType, "cache-control": "no-store" } });
}

/** Asked by a program here, directly and by a name of this machine: a page that a browser was led to has another host. */
function isThisMachine(headers: Headers): boolean {
  if (!/^(127\.|::1$)/.test(headers.get(clientAddressHeader) ?? "")) return false;
  if (forwardedHeaders.some((name) => headers.has(name))) return false;
  return loopbackHosts.test(headers.get("host") ?? "");
}
