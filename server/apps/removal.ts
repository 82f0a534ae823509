import { failpoint } from "#server/storage/index.ts";
import type { AppModels, AppRecord } from "./models.ts";

export interface Removal {
  remove(record: AppRecord): Promise<void>;
  /** Removes a draft's database that no draft of `ownerId` uses any more. */
  releaseDraftDatabase(ownerId: string, databaseId: string): Promise<void>;
  finishAll(): Promise<number>;
}

/** Deletes apps in steps that may each be repeated: marked first, so that nobody sees it any more, its own document last. */
export function createRemoval(options: {
  models: AppModels;
  changed: (record: AppRecord) => void;
  removeFromRuntime: (appId: string) => Promise<void>;
  removeData: readonly ((appId: string) => Promise<void>)[];
  /** Removes the database that only drafts use. */
  removeDraftDatabase: (databaseId: string) => Promise<void>;
}): Removal {
  const { app, env } = options.models;

  const mark = async (filter: object): Promise<AppRecord | null> => {
    const now = new Date();
    const update = { $set: { deletedAt: now, changedAt: now }, $inc: { revision: 1 } };
    const marked = await app.findOneAndUpdate({ ...filter, deletedAt: null }, update, { returnDocument: "after" }).lean<AppRecord>();
    if (marked) options.changed(marked);
    return marked;
  };

  /** Another app that is bound to the same database may be trying its draft on it. */
  const releaseDraftDatabase = async (ownerId: string, databaseId: string): Promise<void> => {
    if (!(await app.exists({ ownerId, deletedAt: null, databaseId }))) await options.removeDraftDatabase(databaseId);
  };

  const finish = async (record: AppRecord): Promise<void> => {
    const id = String(record._id);
    const draft = (await mark({ draftOf: id })) ?? (await app.findOne({ draftOf: id }).lean<AppRecord>());
    if (draft) await finish(draft);
    await options.removeFromRuntime(id);
    failpoint("delete-runtime-removed");
    for (const removeData of options.removeData) await removeData(id);
    await env.deleteOne({ _id: id });
    if (record.draftOf != null && record.databaseId != null) await releaseDraftDatabase(record.ownerId, record.databaseId);
    failpoint("delete-data-removed");
    await app.deleteOne({ _id: record._id });
    failpoint("delete-done");
  };

  return {
    async remove(record) {
      const marked = await mark({ _id: record._id });
      if (!marked) return;
      failpoint("delete-marked");
      await finish(marked);
    },
    releaseDraftDatabase,
    async finishAll() {
      const left = await app
        .find({ deletedAt: { $ne: null } })
        .limit(1_000)
        .lean<AppRecord[]>();
      for (const record of left) await finish(record);
      return left.length;
    },
  };
}
