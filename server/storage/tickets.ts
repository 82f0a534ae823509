import { createHash, randomBytes } from "node:crypto";
import type { Storage } from "./index.ts";

/** What is let in once, by whoever holds the ticket. */
export interface Tickets<For extends object> {
  issue(what: For): Promise<{ ticket: string; expiresInMs: number }>;
  /** Takes the ticket, so that it works once; null when it is unknown, used or too old. */
  redeem(ticket: string): Promise<For | null>;
}

/**
 * Tickets that work once, within `expiresInMs`, in any process of the installation; only their hashes are stored. For addresses, which end
 * up in logs and histories. Makes its collection and index before it answers.
 */
export async function createTickets<For extends object>(storage: Storage, name: string, expiresInMs: number): Promise<Tickets<For>> {
  const tickets = storage.connection.db!.collection<{ _id: string; what: For; expiresAt: Date }>(name);
  await tickets.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  return {
    async issue(what) {
      const ticket = randomBytes(24).toString("base64url");
      await tickets.insertOne({ _id: hash(ticket), what, expiresAt: new Date(Date.now() + expiresInMs) } as never);
      return { ticket, expiresInMs };
    },
    async redeem(ticket) {
      // The index removes old ones once a minute only.
      const found = await tickets.findOneAndDelete({ _id: hash(ticket), expiresAt: { $gt: new Date() } } as never);
      return found ? (found.what as For) : null;
    },
  };
}

const hash = (ticket: string): string => createHash("sha256").update(ticket).digest("base64url");
