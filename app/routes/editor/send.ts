/** The test panel's request: reaches only this app, or its draft, through the gateway, like a visitor's. */
import { proxyRequestSchema, type ProxyAnswer } from "#core/contract/request.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/send.ts";
import { readBody } from "./read-body.ts";

export const action = route(async ({ request, params, context }: Route.ActionArgs): Promise<ProxyAnswer> => {
  const { user } = await requireUser(context);
  const { method, path, headers, body } = await readBody(request, proxyRequestSchema);
  const { apps, gateway } = context.get(servicesContext);
  const app = await apps.findHost(user.id, params.slug);
  const answer = await gateway.forwardInternal({
    appId: app.id,
    method,
    path,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
    signal: request.signal,
  });
  const { status, latencyMs, coldStartMs, truncated } = answer;
  return {
    status,
    headers: answer.headers,
    ...encodeBody(answer.body, truncated),
    latencyMs,
    ...(coldStartMs !== undefined && { coldStartMs }),
    truncated,
  };
});

/** Text as text where the bytes are UTF-8 (a cut may split its last character), else base64. */
function encodeBody(body: Buffer, truncated: boolean): Pick<ProxyAnswer, "body" | "bodyEncoding"> {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body, { stream: truncated }), bodyEncoding: "utf8" };
  } catch {
    return { body: body.toString("base64"), bodyEncoding: "base64" };
  }
}
