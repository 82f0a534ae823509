import type { Connection } from "mongoose";
import { escapePattern } from "./text-search.ts";

interface LeaseDocument {
  _id: string;
  holder: string;
  until: Date;
  /** Grows with each holder: a write that carries an older one comes from someone who lost the lease. */
  fence: number;
}

export interface Lease {
  fence: number;
  /** Puts the end off; false when it was lost meanwhile. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

export interface Leases {
  /** Takes the lease `id` for `forMs`, or answers null while somebody else has it. */
  acquire(id: string, holder: string, forMs: number): Promise<Lease | null>;
  /** Drops every lease whose id begins with `prefix`: for a process that knows that it is alone. */
  clear(prefix: string): Promise<void>;
}

/**
 * Exclusive rights that end by themselves when their holder dies. One document each, made and deleted: the embedded server
 * keeps the old value of a unique index taken after an update, so a flag with a unique index would lock for ever.
 */
export function createLeases(connection: Connection): Leases {
  const leases = connection.db!.collection<LeaseDocument>("leases");
  return {
    async acquire(id, holder, forMs) {
      const until = new Date(Date.now() + forMs);
      let fence = 1;
      try {
        await leases.insertOne({ _id: id, holder, until, fence });
      } catch (error) {
        if ((error as { code?: unknown }).code !== 11_000) throw error;
        const taken = await leases.findOneAndUpdate(
          { _id: id, until: { $lt: new Date() } },
          { $set: { holder, until }, $inc: { fence: 1 } },
          { returnDocument: "after" },
        );
        if (!taken) return null;
        fence = taken.fence;
      }
      return {
        fence,
        async renew() {
          const renewed = await leases.updateOne({ _id: id, holder, fence }, { $set: { until: new Date(Date.now() + forMs) } });
          return renewed.matchedCount === 1;
        },
        async release() {
          await leases.deleteOne({ _id: id, holder, fence });
        },
      };
    },
    async clear(prefix) {
      await leases.deleteMany({ _id: { $regex: `^${escapePattern(prefix)}` } });
    },
  };
}
