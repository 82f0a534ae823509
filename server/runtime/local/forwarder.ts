/**
 * An instance's way to its database: a Unix socket in its folder, forwarded to the MongoDB server. User code never learns the
 * server's address; what passes is counted, and one app cannot take all of the server's connections.
 */
import { chownSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Where the MongoDB server listens. */
export type MongoAddress = { host: string; port: number } | { socketPath: string };

export interface MongoTarget {
  /** Asked for each connection, since an embedded server may come back on another port. */
  address(): MongoAddress;
  tls?: ConnectionOptions;
}

/** A thread and 1 MiB per connection on the server: what one app may take of it. */
const mostConnections = 50;

export interface Forwarder {
  /** Bytes from and to the app since the start. */
  readonly bytes: { in: number; out: number };
  close(): void;
}

/** Listens at `socketPath`; with `owner`, only that user (and root) may connect. */
export async function startForwarder(socketPath: string, target: MongoTarget, owner: number | null): Promise<Forwarder> {
  const open = new Set<Socket>();
  const bytes = { in: 0, out: 0 };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    if (open.size >= 2 * mostConnections) {
      socket.destroy();
      return;
    }
    const address = target.address();
    const upstream = target.tls
      ? connectTls({ ...target.tls, ...("socketPath" in address ? { path: address.socketPath } : address) })
      : connect("socketPath" in address ? { path: address.socketPath, allowHalfOpen: true } : { ...address, noDelay: true, allowHalfOpen: true });
    for (const [from, to] of [[socket, upstream], [upstream, socket]] as const) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        open.delete(from);
        to.destroy();
      });
    }
    socket.on("data", (chunk: Buffer) => void (bytes.in += chunk.length));
    upstream.on("data", (chunk: Buffer) => void (bytes.out += chunk.length));
    socket.pipe(upstream);
    upstream.pipe(socket);
  });
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  if (owner !== null) chownSync(socketPath, owner, owner);
  return {
    bytes,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
