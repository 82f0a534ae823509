import type { IncomingMessage } from "node:http";
import type { HttpCaller } from "./caller.ts";
import type { Delivery } from "../delivery.ts";
import type { GatewayLimits } from "../limits.ts";
import { refusals } from "../answers/refusal.ts";

/** Whether the length that a request announces is over the limit: such a one is refused before anything is asked of the app. */
export function announcesTooMuch(req: IncomingMessage, limits: GatewayLimits): boolean {
  const length = req.headers["content-length"];
  return length !== undefined && Number(length) > limits.bodyBytes;
}

/** Rounds in which nothing came before a body counts as stopped: the limit is met to within one part in so many. */
const ROUNDS = 4;

/** One body under watch. */
interface Watched {
  req: IncomingMessage;
  caller: HttpCaller;
  delivery: Delivery;
  bytes: number;
  stillRounds: number;
}

export interface BodyWatch {
  /** Holds the body of a request that is about to be delivered to the limits. Returns what ends that. */
  add(req: IncomingMessage, caller: HttpCaller, delivery: Delivery): () => void;
  stop(): void;
}

/**
 * Holds bodies to their size while they stream, and ends those that stop half-way: a sender of one byte a minute would keep its
 * app's place for good. Time counts only while the body is wanted: one that the app or a wake holds back is not late.
 */
export function createBodyWatch(limits: GatewayLimits): BodyWatch {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    for (const one of watched) {
      const { req, caller, delivery } = one;
      if (req.complete || req.destroyed) watched.delete(one);
      else if (!req.readableFlowing || caller.bytesIn() !== one.bytes) {
        one.bytes = caller.bytesIn();
        one.stillRounds = 0;
      } else if ((one.stillRounds += 1) >= ROUNDS) {
        watched.delete(one);
        delivery.refuseBody(refusals.bodyTimeout());
      }
    }
    if (watched.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };

  return {
    add(req, caller, delivery) {
      if (limits.bodyBytes !== Number.POSITIVE_INFINITY) {
        caller.bodyLimit = limits.bodyBytes;
        caller.onBodyTooLarge = () => delivery.refuseBody(refusals.bodyTooLarge(limits.bodyBytes));
      }
      const one: Watched = { req, caller, delivery, bytes: 0, stillRounds: 0 };
      watched.add(one);
      timer ??= setInterval(look, limits.bodyIdleMs / ROUNDS).unref();
      return () => void watched.delete(one);
    },
    stop() {
      clearInterval(timer);
      watched.clear();
    },
  };
}
