import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { acceptsHtml } from "../visitor/browser.ts";
import type { DeliveryContext } from "../delivery.ts";
import type { DraftDoor } from "../drafts.ts";
import type { Entrance } from "../entrance.ts";
import type { RequestOptions } from "../gateway.ts";
import { createRequestId } from "../ids.ts";
import { refusals } from "../answers/refusal.ts";
import type { Refusal } from "../answers/refusal.ts";
import { answerOnSocket, UpgradeDelivery } from "./upgrade.ts";

export interface UpgradeHandlerOptions {
  entrance: Entrance;
  context: DeliveryContext;
  drafts: DraftDoor;
  /** Those that are open. */
  open: Set<UpgradeDelivery>;
}

/** Builds what answers requests to switch protocols. */
export function createUpgradeHandler({ entrance, context, drafts, open }: UpgradeHandlerOptions) {
  return (req: IncomingMessage, socket: Duplex, head: Buffer, options: Pick<RequestOptions, "app"> = {}): void => {
    const requestId = createRequestId(Date.now());
    const wantsHtml = acceptsHtml(req.headers.accept);
    const refuse = (refusal: Refusal): void => answerOnSocket(socket, context.refuse(refusal, requestId, wantsHtml));
    socket.on("error", () => socket.destroy());
    const arrival = entrance.arrive(req, { slug: options.app, upgrade: true });
    if ("status" in arrival) return refuse(arrival);
    const { slug, hostname, target } = arrival;
    entrance.lookUp(
      slug,
      (route) => {
        const { headers, hx } = entrance.toHeaders(req, requestId);
        const closed = drafts.refusalOf(req.headers.cookie, route, target);
        const refusal = closed ?? entrance.refusalOf(route, target);
        if (refusal !== null || route === undefined) {
          const answer = refusal ?? refusals.unknownHost();
          if (closed === null) entrance.recordRefusal(route, { method: req.method ?? "GET", target }, requestId, answer.status, hx);
          return refuse(answer);
        }
        // Others, such as curl's offer of h2c, may be ignored (RFC 9110, 7.8): the answer is plain HTTP/1.1.
        const protocol = req.headers.upgrade?.toLowerCase() === "websocket" ? "websocket" : null;
        const delivery = new UpgradeDelivery(context, {
          req,
          socket,
          head,
          target,
          wantsHtml,
          route,
          hostname,
          requestId,
          headers,
          hx,
          protocol,
        });
        open.add(delivery);
        socket.on("close", () => open.delete(delivery));
        delivery.start();
      },
      () => refuse(refusals.noRoom()),
    );
  };
}
