import type { IncomingMessage, ServerResponse } from "node:http";
import { announcesTooMuch } from "./visitor/bodies.ts";
import type { BodyWatch } from "./visitor/bodies.ts";
import { acceptsHtml } from "./visitor/browser.ts";
import { HttpCaller } from "./visitor/caller.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryContext } from "./delivery.ts";
import type { DraftDoor } from "./drafts.ts";
import type { Arrival, Entrance } from "./entrance.ts";
import type { RequestOptions } from "./gateway.ts";
import { createRequestId } from "./ids.ts";
import { beginInTurn, isBehindAnother } from "./visitor/pipeline.ts";
import { isLinkPreview, PreviewCaller, toPreviewHeaders } from "./answers/preview.ts";
import { refusals } from "./answers/refusal.ts";
import type { GatewayAnswer, Refusal } from "./answers/refusal.ts";
import type { About, Route, RouteTable } from "./route.ts";

export interface RequestHandlerOptions {
  entrance: Entrance;
  context: DeliveryContext;
  bodies: BodyWatch;
  routes: RouteTable;
  drafts: DraftDoor;
}

/** Asked for by the platform's pages, to see whether a visitor's browser finds an app's address at all. Wakes nobody. */
const REACHABLE_PATH = "/_platform/reachable";
const REACHABLE: GatewayAnswer = { status: 204, headers: ["cache-control", "no-store"], body: Buffer.alloc(0) };

/** Builds what answers plain requests: all but upgrades. */
export function createRequestHandler({ entrance, context, bodies, routes, drafts }: RequestHandlerOptions) {
  /** For what is wrong with the request itself: whatever follows on its connection is not to be trusted, so that ends. */
  const refuseRequest = (req: IncomingMessage, res: ServerResponse, refusal: Refusal): void => {
    res.shouldKeepAlive = false;
    new HttpCaller(req, res, "/", false).refuse(context.refuse(refusal, createRequestId(Date.now()), acceptsHtml(req.headers.accept)));
  };

  const deliver = (
    req: IncomingMessage,
    res: ServerResponse,
    arrival: Arrival,
    route: Route | undefined,
    continueUnsent: boolean,
  ): void => {
    const { hostname, target } = arrival;
    const requestId = createRequestId(Date.now());
    const caller = new HttpCaller(req, res, target, continueUnsent);
    const { headers, hx } = entrance.toHeaders(req, requestId);
    if (route !== undefined && drafts.isEntry(route, target)) {
      void enterDraft(caller, route, requestId);
      return;
    }
    const closed = drafts.refusalOf(req.headers.cookie, route, target);
    const refusal =
      closed ??
      entrance.refusalOf(route, target) ??
      (announcesTooMuch(req, context.limits) ? refusals.bodyTooLarge(context.limits.bodyBytes) : null);
    if (refusal !== null || route === undefined) {
      if (route !== undefined && target === REACHABLE_PATH) {
        caller.refuse(REACHABLE);
        return;
      }
      const answer = refusal ?? refusals.unknownHost();
      caller.refuse(context.refuse(answer, requestId, caller.wantsHtml));
      // Whoever is not let in to a draft leaves no trace among its requests.
      if (closed === null) entrance.recordRefusal(route, caller, requestId, answer.status, hx);
      return;
    }
    if (isLinkPreview(req)) {
      void deliverPreview(res, caller, { route, hostname, requestId, headers, hx });
      return;
    }
    const delivery = new Delivery(context, { caller, route, hostname, requestId, headers, hx });
    if (caller.hasBody) {
      const unwatch = bodies.add(req, caller, delivery);
      res.on("close", unwatch);
    }
    res.on("close", () => delivery.abort());
    delivery.start();
  };

  const enterDraft = async (caller: HttpCaller, route: Route, requestId: string): Promise<void> => {
    const answer = await drafts.enter(route, caller.target).catch(() => refusals.noRoom());
    caller.refuse("code" in answer ? context.refuse(answer, requestId, caller.wantsHtml) : answer);
  };

  const deliverPreview = async (res: ServerResponse, caller: HttpCaller, input: Omit<Delivery["input"], "caller">): Promise<void> => {
    const about = await aboutOf(routes, input.route);
    if (res.destroyed) return;
    const headers = toPreviewHeaders(input.headers);
    const delivery = new Delivery(context, {
      ...input,
      headers,
      caller: new PreviewCaller(caller, about, toPublicUrl(headers, caller.target)),
    });
    res.on("close", () => delivery.abort());
    delivery.start();
  };

  return (req: IncomingMessage, res: ServerResponse, options: RequestOptions = {}): void => {
    const begin = (): void => {
      // Its connection is ending: what came behind a request that was refused for its form is not read.
      if (req.socket.writableEnded) return;
      const arrival = entrance.arrive(req, { slug: options.app });
      if ("status" in arrival) refuseRequest(req, res, arrival);
      else {
        entrance.lookUp(
          arrival.slug,
          (route) => deliver(req, res, arrival, route, options.continueUnsent === true),
          () => refuseRequest(req, res, refusals.noRoom()),
        );
      }
    };
    if (isBehindAnother(res)) beginInTurn(req, res, begin);
    else begin();
  };
}

/** An app's name and description, for a preview; its slug where the database does not answer. */
async function aboutOf(routes: RouteTable, route: Route): Promise<About> {
  try {
    return (await routes.describe(route.appId)) ?? { name: route.slug, description: "" };
  } catch {
    return { name: route.slug, description: "" };
  }
}

/** The address that was asked for, as a visitor would type it. */
function toPublicUrl(headers: readonly string[], target: string): string {
  const of = (name: string): string => headers[headers.indexOf(name) + 1]!;
  return `${of("x-forwarded-proto")}://${of("x-forwarded-host")}${target}`;
}
