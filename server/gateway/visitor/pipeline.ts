import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests held on one connection before it is read no further; what one read brought is held whatever its number. */
const MAX_HELD = 16;

const heldOn = new WeakMap<Socket, number>();

/**
 * Whether a request came behind another on its connection that is still being answered. Node hands it out all the same; begun
 * now, a GET could overtake the POST that its caller sent first (RFC 9112, 9.3.2).
 */
export function isBehindAnother(res: ServerResponse): boolean {
  return res.socket === null;
}

/** Calls `begin` when the answers before it are out. Never, when the connection ends before. */
export function beginInTurn(req: IncomingMessage, res: ServerResponse, begin: () => void): void {
  const { socket } = req;
  const held = (heldOn.get(socket) ?? 0) + 1;
  heldOn.set(socket, held);
  if (held >= MAX_HELD) socket.pause();
  res.once("socket", () => {
    const left = (heldOn.get(socket) ?? 1) - 1;
    heldOn.set(socket, left);
    if (left === MAX_HELD - 1) socket.resume();
    begin();
  });
}
