/**
 * The platform's own database: one mongoose connection, its collections and indexes, change watching, encryption at rest.
 * Guarantees: collections and indexes exist before the first request (sign-ups at once fail on a missing collection otherwise).
 * Users' databases are reached through `client` by the databases domain, never through mongoose.
 */
import mongoose, { type Connection, type Model } from "mongoose";
import { watchRoom } from "./room.ts";

export { createBatch, insertOnce, type Batch } from "./batch.ts";
export { addSecret, ownKeyFile, ownsKeys, type KeySource } from "./key-file.ts";
export { resealEach, type Resealed } from "./reseal.ts";
export { createVault, type Sealed, type Vault } from "./vault.ts";
export { afterCursor, decodeCursor, encodeCursor, toPage } from "./cursor.ts";
export { holdLease } from "./hold-lease.ts";
export { createTickets, type Tickets } from "./tickets.ts";
export { createLeases, type Lease, type Leases } from "./leases.ts";
export { containsText } from "./text-search.ts";
export { followPrimary } from "./primary.ts";
export { untilDatabaseAnswers } from "./patience.ts";
export { watchCollection } from "./watch.ts";
export { whileNeeded } from "./while-needed.ts";
export { createCopies, type Copies } from "./copies.ts";
export { failpoint, failpointNames, type FailpointName } from "./failpoints.ts";

export interface Storage {
  /** @throws AppError `storage_full` while the disk has no room for what would be written. */
  requireRoom(): void;
  connection: Connection;
  client: mongoose.mongo.MongoClient;
  /** The server is a replica set (or speaks as one): transactions and change streams work. */
  replicated: boolean;
  close(): Promise<void>;
}

const platformDatabase = "fastapi_platform";

/** Connects to `mongoUrl`; the platform's database is the one named in it, else `fastapi_platform`. `folder` lies on the disk that is watched. */
export async function connectStorage(mongoUrl: string, folder?: string): Promise<Storage> {
  const named = new URL(mongoUrl.replace(/^mongodb(\+srv)?:/, "http:").replace(/^(http:\/\/[^/]*,[^/]*)/, "http://many")).pathname.slice(1);
  const connection = mongoose.createConnection(mongoUrl, {
    dbName: named && named !== "admin" ? decodeURIComponent(named) : platformDatabase,
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    maxPoolSize: 30,
    minPoolSize: 2,
    serverSelectionTimeoutMS: 5_000,
    socketTimeoutMS: 60_000,
    connectTimeoutMS: 5_000,
    // A server that hangs is noticed after both of these, and what waits for it is told: 8 s instead of the 15 that are usual.
    heartbeatFrequencyMS: 3_000,
  });
  await connection.asPromise();
  // Without a listener a lost database would end the process; the driver reconnects by itself.
  connection.on("error", () => undefined);
  const room = watchRoom(folder);
  return {
    connection,
    client: connection.getClient(),
    replicated: await speaksAsReplicaSet(connection),
    requireRoom: room.require,
    close: async () => {
      room.stop();
      await connection.close(true);
    },
  };
}

/** Makes every collection and its declared indexes; run before anything is served. */
export async function prepareCollections(models: readonly Model<never>[]): Promise<void> {
  for (const model of models) {
    await model.createCollection();
    await model.syncIndexes();
  }
}

async function speaksAsReplicaSet(connection: Connection): Promise<boolean> {
  const hello = await connection.db!.admin().command({ hello: 1 });
  if (hello["setName"] || hello["msg"] === "isdbgrid") return true;
  // The embedded server names no set and has change streams all the same: asking is the only way to know.
  const stream = connection.db!.collection("leases").watch([], { maxAwaitTimeMS: 1 });
  try {
    await stream.tryNext();
    return true;
  } catch {
    return false;
  } finally {
    await stream.close().catch(() => undefined);
  }
}
