import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { mongo } from "mongoose";
import type { DatabaseCopy } from "#core/contract/draft.ts";
import { AppError } from "#core/contract/problem.ts";
import { formatBytes, userLimits } from "#core/limits.ts";
import { createLeases, holdLease, type Lease, type Storage } from "#server/storage/index.ts";
import { copyData, countDocuments, emptyDatabase } from "./copy-data.ts";
import type { Databases } from "./index.ts";

interface CopyDocument {
  /** The draft's database, which is filled. */
  _id: string;
  state: DatabaseCopy["state"];
  documents: number;
  totalDocuments: number;
  collection: string;
  cancelRequested: boolean;
  error: string | null;
  startedAt: Date;
  finishedAt: Date | null;
}

/** Copies of live databases for drafts: one at a time per draft's database, seen, cancelled and ended from any process. */
export interface DatabaseCopies {
  /** Empties `draftId` and begins to fill it with what `liveId` holds. @throws AppError `conflict` while one runs, `quota_exceeded`, `storage_full`. */
  start(ownerId: string, liveId: string, draftId: string): Promise<void>;
  /** Asks the copy to end; what it copied is removed. */
  cancel(draftId: string): Promise<void>;
  /** Removes what is in `draftId`. @throws AppError `conflict` while it is being filled. */
  empty(draftId: string): Promise<void>;
  find(draftId: string): Promise<DatabaseCopy | null>;
  /** Drops what is known of copies into a database that is gone. */
  forget(draftId: string): Promise<void>;
  /** Ends what a dead process left; answers how many. `alone` when no other process can be at it. */
  reconcile(options: { alone: boolean }): Promise<number>;
  /** Waits for the copies of this process. */
  settle(): Promise<void>;
}

const leaseMs = 15_000;
const leasePrefix = "database-copy/";
const tellEveryMs = 250;
const lostWords = "This copy was interrupted for so long that another may have begun.";
const stoppedWords = "The platform was stopped during the copy. The draft's database is empty: copy again.";

class Cancelled extends Error {}

/** Makes its collection before it answers. */
export async function createDatabaseCopies(options: {
  storage: Storage;
  databases: Databases;
  reportBug: (error: unknown, where: string) => void;
  stopping: AbortSignal;
}): Promise<DatabaseCopies> {
  const { storage, databases, stopping } = options;
  const copies = storage.connection.db!.collection<CopyDocument>("database_copies");
  const leases = createLeases(storage.connection);
  const holder = randomUUID();
  const active = new Map<string, Promise<void>>();
  const dbOf = async (id: string): Promise<mongo.Db> => storage.client.db((await databases.credentials(id)).name);
  const end = (id: string, state: DatabaseCopy["state"], error: string | null = null) =>
    copies.updateOne({ _id: id }, { $set: { state, error, finishedAt: new Date() } });

  const acquire = async (draftId: string): Promise<Lease> => {
    const lease = await leases.acquire(leasePrefix + draftId, holder, leaseMs);
    if (!lease) throw new AppError("conflict", "The draft's database is being filled. Wait for it to end, or cancel it.");
    return lease;
  };

  const tell = async (id: string, progress: object): Promise<void> => {
    const now = await copies.findOneAndUpdate({ _id: id }, { $set: progress }, { returnDocument: "after" });
    if (now?.cancelRequested) throw new Cancelled();
  };

  const carryOut = async (liveId: string, draftId: string, lease: Lease): Promise<void> => {
    const held = holdLease(lease, leaseMs, lostWords);
    const signal = AbortSignal.any([stopping, held.lost]);
    let toldAt = 0;
    try {
      const [from, to] = await Promise.all([dbOf(liveId), dbOf(draftId)]);
      await emptyDatabase(to);
      await tell(draftId, { totalDocuments: await countDocuments(from) });
      const onBatch = async (progress: { documents: number; collection: string }): Promise<void> => {
        signal.throwIfAborted();
        if (performance.now() - toldAt < tellEveryMs) return;
        toldAt = performance.now();
        storage.requireRoom();
        await tell(draftId, { ...progress });
      };
      let last = { documents: 0, collection: "" };
      await copyData(from, to, (progress) => onBatch((last = progress)), signal);
      await tell(draftId, { ...last, totalDocuments: last.documents });
      await end(draftId, "succeeded");
    } catch (error) {
      await endEarly(draftId, error, held.lost.aborted);
    } finally {
      held.end();
      await lease.release().catch(() => undefined);
    }
  };

  /** Half a copy looks like data that was lost: what is there is removed. */
  const endEarly = async (draftId: string, error: unknown, lost: boolean): Promise<void> => {
    if (lost) return;
    await emptyDatabase(await dbOf(draftId));
    if (error instanceof Cancelled) return void (await end(draftId, "cancelled"));
    if (stopping.aborted) return void (await end(draftId, "failed", stoppedWords));
    if (error instanceof AppError) return void (await end(draftId, "failed", error.message));
    options.reportBug(error, `copying a database into ${draftId}`);
    await end(draftId, "failed", "The copy failed. The draft's database is empty; live is as it was. Try again.");
  };

  const requireQuota = async (ownerId: string, liveId: string, draftId: string): Promise<void> => {
    const [live, draft, used] = await Promise.all([
      databases.sizeBytes(ownerId, liveId),
      databases.sizeBytes(ownerId, draftId),
      databases.usedBytes(ownerId),
    ]);
    const after = used - draft + live;
    if (after <= userLimits.databaseBytes) return;
    throw new AppError(
      "quota_exceeded",
      `With a copy of ${formatBytes(live)} your databases would hold ${formatBytes(after)} of ${formatBytes(userLimits.databaseBytes)}. Nothing was copied: begin with an empty database, or delete data you no longer need.`,
    );
  };

  return {
    async start(ownerId, liveId, draftId) {
      storage.requireRoom();
      await requireQuota(ownerId, liveId, draftId);
      const lease = await acquire(draftId);
      const document = {
        state: "running" as const,
        ...{ documents: 0, totalDocuments: 0, collection: "", cancelRequested: false },
        ...{ error: null, startedAt: new Date(), finishedAt: null },
      };
      try {
        await copies.updateOne({ _id: draftId }, { $set: document }, { upsert: true });
      } catch (error) {
        await lease.release();
        throw error;
      }
      const done = carryOut(liveId, draftId, lease)
        .catch((error: unknown) => options.reportBug(error, `ending the copy into ${draftId}`))
        .finally(() => active.delete(draftId));
      active.set(draftId, done);
    },
    async cancel(draftId) {
      await copies.updateOne({ _id: draftId, state: "running" }, { $set: { cancelRequested: true } });
      // The usual case is over in a moment: who asks next sees it ended.
      await Promise.race([active.get(draftId), delay(2_000, undefined, { ref: false })]);
    },
    async empty(draftId) {
      const lease = await acquire(draftId);
      try {
        await emptyDatabase(await dbOf(draftId));
        await copies.deleteOne({ _id: draftId });
      } finally {
        await lease.release();
      }
    },
    async find(draftId) {
      const found = await copies.findOne({ _id: draftId });
      return found && toCopy(found);
    },
    async forget(draftId) {
      await copies.deleteOne({ _id: draftId });
    },
    async reconcile({ alone }) {
      if (alone) await leases.clear(leasePrefix);
      const left = await copies.find({ state: "running" }).limit(100).toArray();
      let ended = 0;
      for (const { _id } of left.filter((one) => !active.has(one._id))) {
        const lease = await leases.acquire(leasePrefix + _id, "reconciler", leaseMs);
        if (!lease) continue;
        const database = await dbOf(_id).catch(() => null);
        if (database) await emptyDatabase(database);
        await end(_id, "failed", stoppedWords).finally(() => lease.release());
        ended += 1;
      }
      return ended;
    },
    async settle() {
      await Promise.allSettled(active.values());
    },
  };
}

const toCopy = ({ state, documents, totalDocuments, collection, error, startedAt, finishedAt }: CopyDocument): DatabaseCopy => ({
  state,
  documents,
  totalDocuments: Math.max(documents, totalDocuments),
  collection,
  ...(error === null ? {} : { error }),
  startedAt: startedAt.toISOString(),
  finishedAt: finishedAt?.toISOString() ?? null,
});
