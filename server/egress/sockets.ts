/** What is done with bare sockets: joining two to one connection, and saying why there is none. */
import type { Socket } from "node:net";
import { toBytes, type Refusal } from "./refusal.ts";

/** How long a client may take to read why it was refused, with its own side still open. */
const goodbyeMs = 5_000;

/**
 * Joins `client` and `upstream` until both have ended, either breaks, or nothing has passed for `idleMs`. Each takes only as much
 * as the other passes on, and an end of one direction lets the other go on.
 */
export function join(client: Socket, upstream: Socket, idleMs: number): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on("error", () => to.destroy());
    // After an orderly end the other side may still have to take what was read from this one.
    from.on("close", () => {
      if (!from.readableEnded) to.destroy();
    });
    from.setTimeout(idleMs, () => from.destroy());
    from.pipe(to);
  }
  if (client.destroyed) upstream.destroy();
  if (upstream.destroyed) client.destroy();
}

/** Answers on a bare socket, reads what was still on its way, and closes. */
export function refuseSocket(client: Socket, refusal: Refusal): void {
  client.setTimeout(goodbyeMs, () => client.destroy());
  client.end(toBytes(refusal));
  client.resume();
}
