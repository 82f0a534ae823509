import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Takes a connection, or gives it to `passOn`, at once or later, with bytes that were read of it. */
export type TakeConnection = (socket: Socket, passOn: (socket: Socket, bytes: Buffer | null) => void) => void;

/**
 * Shows new connections of `server` to somebody first: `find` says to whom, and may say to nobody. What is passed on is handled by
 * the server as if it had just come.
 */
export function showConnections(server: Server, find: () => TakeConnection | undefined): void {
  const usual = server.listeners("connection") as ((this: Server, socket: Socket) => void)[];
  const passOn = (socket: Socket, bytes: Buffer | null): void => {
    for (const listener of usual) listener.call(server, socket);
    // The server listens for data now, and these are the first.
    if (bytes !== null) socket.emit("data", bytes);
  };
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const take = find();
    if (take === undefined) passOn(socket, null);
    else take(socket, passOn);
  });
}
