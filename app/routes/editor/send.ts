/**
 * The test panel's request: reaches only this app, or its draft, through the gateway, like a visitor's. An answer that is whole soon is JSON,
 * as the API gives it. A stream of events, or what takes its time, is told line by line as it arrives (`ProxyStreamLine`), up to 10 MB and
 * five minutes; it ends when its reader leaves.
 */
import { proxyRequestSchema, type ProxyAnswer } from "#core/contract/request.ts";
import { servicesContext } from "#server/http/context.ts";
import { encodeProxyBody, toProxyBody } from "#server/http/proxy.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/send.ts";
import { createAnswerLines } from "./answer-lines.ts";
import { readBody } from "./read-body.ts";

export const action = route(async ({ request, params, context }: Route.ActionArgs): Promise<ProxyAnswer | Response> => {
  const { user } = await requireUser(context);
  const asked = await readBody(request, proxyRequestSchema);
  const bytes = toProxyBody(asked);
  const { apps, gateway } = context.get(servicesContext);
  const app = await apps.findHost(user.id, params.slug);
  const lines = createAnswerLines(request.signal);
  const answered = gateway.forwardInternal({
    appId: app.id,
    method: asked.method,
    path: asked.path,
    ...(asked.headers && { headers: asked.headers }),
    ...(bytes !== undefined && { body: bytes }),
    signal: lines.signal,
    watch: lines,
  });
  const first = await Promise.race([answered, lines.isSlow]);
  if (first !== "slow") return toAnswer(first, lines.takeWhole());
  return new Response(lines.stream(answered), {
    headers: { "content-type": "application/x-ndjson", "cache-control": "no-store, no-transform", "x-accel-buffering": "no" },
  });
});

type Answered = Pick<ProxyAnswer, "status" | "headers" | "latencyMs" | "coldStartMs" | "truncated">;

function toAnswer({ status, headers, latencyMs, coldStartMs, truncated }: Answered, body: Buffer): ProxyAnswer {
  return {
    status,
    headers,
    ...encodeProxyBody(body, truncated),
    latencyMs,
    ...(coldStartMs !== undefined && { coldStartMs }),
    truncated,
  };
}
