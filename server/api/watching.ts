import { encodeProxyBody, toProxyBody } from "#server/http/proxy.ts";
import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id = "proxyApp" | "listRequests" | "getRequest" | "getMetrics" | "listLogs" | "createLogTicket";

export function watchingHandlers({ apps, gateway, requests, logs }: Services): Pick<Handlers, Id> {
  return {
    async proxyApp({ caller, params, body, request }) {
      const app = await apps.findHost(caller.user.id, params.app);
      const bytes = toProxyBody(body);
      const answer = await gateway.forwardInternal({
        appId: app.id,
        method: body.method,
        path: body.path,
        ...(body.headers === undefined ? {} : { headers: body.headers }),
        ...(bytes === undefined ? {} : { body: bytes }),
        signal: request.signal,
      });
      return {
        status: answer.status,
        headers: answer.headers,
        ...encodeProxyBody(answer.body, answer.truncated),
        latencyMs: answer.latencyMs,
        ...(answer.coldStartMs === undefined ? {} : { coldStartMs: answer.coldStartMs }),
        truncated: answer.truncated,
      };
    },
    listRequests: ({ caller, params, query }) => requests.list(caller.user.id, params.app, query),
    getRequest: ({ caller, params }) => requests.get(caller.user.id, params.app, params.id),
    getMetrics: ({ caller, params, query }) => requests.metrics(caller.user.id, params.app, query.window),
    listLogs: ({ caller, params, query }) => logs.list(caller.user.id, params.app, query),
    async createLogTicket({ caller, params }) {
      const app = await apps.findHost(caller.user.id, params.app);
      return logs.issueTicket({ ownerId: caller.user.id, appId: app.id });
    },
  };
}
