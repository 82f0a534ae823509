import { failpoint } from "#server/storage/index.ts";
import type { AppModels, AppRecord } from "./models.ts";

export interface Removal {
  remove(record: AppRecord): Promise<void>;
  finishAll(): Promise<number>;
}

/** Deletes apps in steps that may each be repeated: marked first, so that nobody sees it any more, its own document last. */
export function createRemoval(options: {
  models: AppModels;
  changed: (record: AppRecord) => void;
  removeFromRuntime: (appId: string) => Promise<void>;
  removeData: readonly ((appId: string) => Promise<void>)[];
}): Removal {
  const { app, env } = options.models;

  const finish = async (record: AppRecord): Promise<void> => {
    const id = String(record._id);
    await options.removeFromRuntime(id);
    failpoint("delete-runtime-removed");
    for (const removeData of options.removeData) await removeData(id);
    await env.deleteOne({ _id: id });
    failpoint("delete-data-removed");
    await app.deleteOne({ _id: record._id });
    failpoint("delete-done");
  };

  return {
    async remove(record) {
      const now = new Date();
      const marked = await app
        .findOneAndUpdate(
          { _id: record._id, deletedAt: null },
          { $set: { deletedAt: now, changedAt: now }, $inc: { revision: 1 } },
          { returnDocument: "after" },
        )
        .lean<AppRecord>();
      if (!marked) return;
      failpoint("delete-marked");
      options.changed(marked);
      await finish(marked);
    },
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
