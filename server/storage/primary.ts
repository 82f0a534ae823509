import type mongoose from "mongoose";

type MongoClient = mongoose.mongo.MongoClient;

/** Where the server that takes writes listens: what a forwarder dials, for clients that cannot dial it themselves. */
export interface PrimaryAddress {
  host: string;
  port: number;
}

const defaultPort = 27_017;

/**
 * Follows the primary of the server that `client` is connected to. The address is asked of the server at start and again
 * whenever the driver sees the topology change, so that a failover leads new connections to the new primary.
 */
export async function followPrimary(client: MongoClient): Promise<() => PrimaryAddress> {
  const seed = client.options.hosts[0]!;
  let current: PrimaryAddress = { host: seed.host ?? "127.0.0.1", port: seed.port ?? defaultPort };
  const single = client.options.hosts.length === 1 && !client.options.srvHost;
  client.on("serverDescriptionChanged", ({ newDescription }) => {
    // One host stays the one that was named: what it calls itself may be an address of its own network only.
    if (single || newDescription.type !== "RSPrimary") return;
    current = toAddress(newDescription.address);
  });
  if (!single) {
    const hello = await client.db("admin").command({ hello: 1 });
    if (typeof hello["primary"] === "string") current = toAddress(hello["primary"]);
  }
  return () => current;
}

function toAddress(text: string): PrimaryAddress {
  const at = text.lastIndexOf(":");
  return at === -1 ? { host: text, port: defaultPort } : { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}
