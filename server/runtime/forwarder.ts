/**
 * An app's way to its database: connections of its instances, forwarded to the MongoDB server. User code never learns the
 * server's address; what passes is counted, and one app cannot take all of the server's connections.
 */
import { chownSync, rmSync } from "node:fs";
import { connect, createServer, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Where the MongoDB server listens. */
export type MongoAddress = { host: string; port: number } | { socketPath: string };

export interface MongoTarget {
  /** Asked for each connection: apps connect directly, so it says where the primary is now. */
  address(): MongoAddress | Promise<MongoAddress>;
  tls?: ConnectionOptions;
}

/** A thread and 1 MiB per connection on the server: what one app may take of it. */
const mostConnections = 50;

export interface Forwarding {
  /** Bytes from and to the app since the start. */
  readonly bytes: { in: number; out: number };
  /** Connections that are open. */
  readonly connections: number;
  /** Takes over a connection that nobody has read from yet, but for what was put back; ends it when there are too many. */
  take(client: Socket): void;
  /** Ends all of its connections. */
  close(): void;
}

/** A forwarding that listens. */
export type Forwarder = Pick<Forwarding, "bytes" | "close">;

/** Forwards the connections of one app, or of one instance of it, to `target`. */
export function createForwarding(target: MongoTarget): Forwarding {
  const clients = new Set<Socket>();
  const bytes = { in: 0, out: 0 };
  return {
    bytes,
    get connections() {
      return clients.size;
    },
    take(client) {
      client.on("error", () => client.destroy());
      if (clients.size >= mostConnections) {
        client.destroy();
        return;
      }
      clients.add(client);
      client.once("close", () => clients.delete(client));
      void join(client, target, bytes);
    },
    close() {
      for (const client of clients) client.destroy();
    },
  };
}

/** Listens at `socketPath`; with `owner`, only that user (and root) may connect. @throws the system's error when it cannot. */
export async function startForwarder(socketPath: string, target: MongoTarget, owner: number | null): Promise<Forwarder> {
  const forwarding = createForwarding(target);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, forwarding.take);
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  if (owner !== null) chownSync(socketPath, owner, owner);
  return {
    bytes: forwarding.bytes,
    close: () => {
      server.close();
      forwarding.close();
    },
  };
}

async function join(client: Socket, target: MongoTarget, bytes: { in: number; out: number }): Promise<void> {
  let upstream: Socket;
  try {
    upstream = open(await target.address(), target.tls);
  } catch {
    // No address: to the driver this is a server that is away, and it says so in its own words.
    client.destroy();
    return;
  }
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
  if (client.destroyed) upstream.destroy();
  client.on("data", (chunk: Buffer) => void (bytes.in += chunk.length));
  upstream.on("data", (chunk: Buffer) => void (bytes.out += chunk.length));
  client.pipe(upstream);
  upstream.pipe(client);
}

function open(address: MongoAddress, tls: ConnectionOptions | undefined): Socket {
  if ("socketPath" in address)
    return tls ? connectTls({ ...tls, path: address.socketPath }) : connect({ path: address.socketPath, allowHalfOpen: true });
  if (!tls) return connect({ ...address, noDelay: true, allowHalfOpen: true });
  const named = tls.servername === undefined && isIP(address.host) === 0 ? { servername: address.host } : {};
  return connectTls({ ...tls, ...named, ...address });
}
