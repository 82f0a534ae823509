/**
 * `Idempotency-Key` on POST: the first request with a key does the work, later ones get its answer, for 24 hours.
 * Guarantees: of requests at once one runs; a key with another body is refused; what failed on our side (5xx) may be tried again;
 * an answer that shows a secret is not kept.
 */
import { createHash } from "node:crypto";
import { AppError } from "#core/contract/problem.ts";
import type { Services } from "#server/services.ts";

export interface StoredAnswer {
  status: number;
  /** JSON, or null without a body. */
  body: string | null;
  contentType: string | null;
}

interface Entry {
  _id: string;
  bodyHash: string;
  /** Null while the first request runs, or when its answer was not to be kept. */
  answer: StoredAnswer | null;
  state: "running" | "done";
  at: Date;
}

export interface Idempotency {
  /** Runs `work` once per `key`; `keep` false keeps no answer. @throws AppError `invalid_request` for another body, `conflict` while the first runs. */
  once(
    key: string,
    bodyText: string,
    keep: boolean,
    work: () => Promise<StoredAnswer>,
  ): Promise<{ answer: StoredAnswer; replayed: boolean }>;
}

const keptSeconds = 24 * 60 * 60;
/** Longer than any POST runs: an entry that is still "running" by then belongs to a process that died. */
const abandonedMs = 120_000;

/** Makes its collection and index before it answers. */
export async function createIdempotency(storage: Services["storage"]): Promise<Idempotency> {
  const entries = storage.connection.db!.collection<Entry>("idempotency");
  await entries.createIndex({ at: 1 }, { expireAfterSeconds: keptSeconds });

  const claim = async (id: string, bodyHash: string): Promise<Entry | null> => {
    const entry: Entry = { _id: id, bodyHash, answer: null, state: "running", at: new Date() };
    try {
      await entries.insertOne(entry);
      return null;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 11_000) throw error;
    }
    const taken = await entries.updateOne(
      { _id: id, state: "running", bodyHash, at: { $lt: new Date(Date.now() - abandonedMs) } },
      { $set: { at: entry.at } },
    );
    if (taken.modifiedCount === 1) return null;
    // Gone in between: the first attempt failed on our side, so that the caller may simply ask again.
    return (await entries.findOne({ _id: id })) ?? entry;
  };

  return {
    async once(key, bodyText, keep, work) {
      const id = hash(key);
      const bodyHash = hash(bodyText);
      const earlier = await claim(id, bodyHash);
      if (earlier) return { answer: replay(earlier, bodyHash), replayed: true };
      let answer: StoredAnswer;
      try {
        answer = await work();
      } catch (error) {
        await entries.deleteOne({ _id: id });
        throw error;
      }
      if (answer.status >= 500) await entries.deleteOne({ _id: id });
      else await entries.updateOne({ _id: id }, { $set: { state: "done", answer: keep ? answer : null } });
      return { answer, replayed: false };
    },
  };
}

function replay(earlier: Entry, bodyHash: string): StoredAnswer {
  if (earlier.bodyHash !== bodyHash)
    throw new AppError("invalid_request", "This Idempotency-Key was used with another body. Use a new key for a new request.");
  if (earlier.state === "running")
    throw new AppError("conflict", "A request with this Idempotency-Key is still running.", { retryAfterSeconds: 1 });
  if (!earlier.answer) throw new AppError("conflict", "This was done already. Its answer held a secret, which is shown only once.");
  return earlier.answer;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
