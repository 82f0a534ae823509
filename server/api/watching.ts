import type { ProxyAnswer } from "#core/contract/request.ts";
import { AppError } from "#core/contract/problem.ts";
import { formatBytes, trafficLimits } from "#core/limits.ts";
import type { Services } from "#server/services.ts";
import type { Handlers } from "./handler.ts";

type Id = "proxyApp" | "listRequests" | "getRequest" | "listLogs" | "createLogTicket";

export function watchingHandlers({ apps, gateway, requests, logs }: Services): Pick<Handlers, Id> {
  return {
    async proxyApp({ caller, params, body, request }) {
      const app = await apps.findHost(caller.user.id, params.app);
      if (Buffer.byteLength(body.body ?? "") > trafficLimits.proxyBodyBytes) {
        throw new AppError("payload_too_large", `A test request's body has at most ${formatBytes(trafficLimits.proxyBodyBytes)}.`);
      }
      const answer = await gateway.forwardInternal({
        appId: app.id,
        method: body.method,
        path: body.path,
        ...(body.headers === undefined ? {} : { headers: body.headers }),
        ...(body.body === undefined ? {} : { body: body.body }),
        signal: request.signal,
      });
      return {
        status: answer.status,
        headers: answer.headers,
        ...encodeBody(answer.body),
        latencyMs: answer.latencyMs,
        ...(answer.coldStartMs === undefined ? {} : { coldStartMs: answer.coldStartMs }),
        truncated: answer.truncated,
      };
    },
    listRequests: ({ caller, params, query }) => requests.list(caller.user.id, params.app, query),
    getRequest: ({ caller, params }) => requests.get(caller.user.id, params.app, params.id),
    listLogs: ({ caller, params, query }) => logs.list(caller.user.id, params.app, query),
    async createLogTicket({ caller, params }) {
      const app = await apps.findHost(caller.user.id, params.app);
      return logs.issueTicket({ ownerId: caller.user.id, appId: app.id });
    },
  };
}

/** Text stays readable; what is not UTF-8 goes as base64. */
function encodeBody(body: Buffer): Pick<ProxyAnswer, "body" | "bodyEncoding"> {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body), bodyEncoding: "utf8" };
  } catch {
    return { body: body.toString("base64"), bodyEncoding: "base64" };
  }
}
