/** Requests of one connection go through one by one, and after the first at the app's pace. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Turnstile {
  /** Resolves when it is the request's turn; false when its caller is gone by then. `turn` gives the milliseconds until it. */
  enter(request: IncomingMessage, response: ServerResponse, turn: () => number): Promise<boolean>;
}

export function createTurnstile(): Turnstile {
  const busy = new WeakSet<Socket>();
  const known = new WeakSet<Socket>();
  return {
    async enter({ socket }, response, turn) {
      // No client pipelines to a proxy; thousands of requests in one packet would be as many connections at once.
      if (busy.has(socket)) {
        socket.destroy();
        return false;
      }
      busy.add(socket);
      response.once("close", () => busy.delete(socket));
      // The first came with a connection, which had its turn.
      const wait = known.has(socket) ? turn() : 0;
      known.add(socket);
      if (wait > 0) await delay(wait);
      return !socket.destroyed;
    },
  };
}
