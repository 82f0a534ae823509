/** The test panel's request: reaches only this app, through the gateway, like a visitor's. */
import { proxyRequestSchema, type ProxyAnswer } from "#core/contract/request.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/send.ts";
import { readBody } from "./read-body.ts";

export const action = route(async ({ request, params, context }: Route.ActionArgs): Promise<ProxyAnswer> => {
  const { user } = await requireUser(context);
  const { method, path, headers, body } = await readBody(request, proxyRequestSchema);
  const { apps, gateway } = context.get(servicesContext);
  const app = await apps.find(user.id, params.slug);
  const answer = await gateway.forwardInternal({ appId: app.id, slug: app.slug, method, path, headers: headers ?? {}, body: body ?? "" });
  return answer;
});
