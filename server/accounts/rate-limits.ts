import type { Connection } from "mongoose";

export interface RateLimits {
  /** Counts one attempt of `key`; `window` in seconds. */
  consume(key: string, rule: { window: number; max: number }): Promise<{ allowed: boolean; retryAfter: number | null }>;
}

interface Counter {
  /** The key and the number of its window. */
  _id: string;
  count: number;
  expiresAt: Date;
}

/** Attempts counted in the database, for all processes together: one write each. Makes its index before it answers. */
export async function createRateLimits(connection: Connection): Promise<RateLimits> {
  const counters = connection.db!.collection<Counter>("rate_limits");
  await counters.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  const count = async (id: string, expiresAt: Date): Promise<number> => {
    const update = { $inc: { count: 1 }, $setOnInsert: { expiresAt } };
    const counted = await counters.findOneAndUpdate({ _id: id }, update, { upsert: true, returnDocument: "after" });
    return counted?.count ?? 1;
  };
  return {
    async consume(key, { window, max }) {
      const windowMs = window * 1_000;
      const number = Math.floor(Date.now() / windowMs);
      const endsAt = (number + 1) * windowMs;
      const id = `${number}|${key}`;
      // Two that both found none insert it: one of them is refused, and finds it then.
      const counted = await count(id, new Date(endsAt)).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== 11_000) throw error;
        return count(id, new Date(endsAt));
      });
      return counted <= max
        ? { allowed: true, retryAfter: null }
        : { allowed: false, retryAfter: Math.ceil((endsAt - Date.now()) / 1_000) };
    },
  };
}
