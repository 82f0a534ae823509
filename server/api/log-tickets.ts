/**
 * Tickets for the log socket: a browser's WebSocket can send no header, and a token in an address ends up in logs.
 * Guarantees: a ticket opens one socket, of one app, within 30 s; only its hash is stored; any web process may take it.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Services } from "#server/services.ts";

export interface LogTicket {
  ownerId: string;
  appId: string;
}

export interface LogTickets {
  issue(ticket: LogTicket): Promise<{ ticket: string; expiresInMs: number }>;
  /** Takes the ticket, so that it works once; null when it is unknown, used or too old. */
  redeem(ticket: string): Promise<LogTicket | null>;
}

const expiresInMs = 30_000;

/** Makes its collection and index before it answers. */
export async function createLogTickets(storage: Services["storage"]): Promise<LogTickets> {
  const tickets = storage.connection.db!.collection<{ _id: string; ownerId: string; appId: string; expiresAt: Date }>("log_tickets");
  await tickets.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
  return {
    async issue({ ownerId, appId }) {
      const ticket = randomBytes(24).toString("base64url");
      await tickets.insertOne({ _id: hash(ticket), ownerId, appId, expiresAt: new Date(Date.now() + expiresInMs) });
      return { ticket, expiresInMs };
    },
    async redeem(ticket) {
      // The index removes old ones once a minute only.
      const found = await tickets.findOneAndDelete({ _id: hash(ticket), expiresAt: { $gt: new Date() } });
      return found ? { ownerId: found.ownerId, appId: found.appId } : null;
    },
  };
}

function hash(ticket: string): string {
  return createHash("sha256").update(ticket).digest("base64url");
}
