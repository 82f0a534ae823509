import { draftSlug } from "#core/slug.ts";
import type { AppModels, AppRecord } from "./models.ts";

/** A draft is looked at by one person for a while. */
const sleepAfterMinutes = 10;

/** Hosts on which drafts are tried: each is an app of its own to the runtime and the gateway, and in nobody's list. */
export interface DraftHosts {
  find(app: AppRecord): Promise<AppRecord | null>;
  /** The host of `app`'s draft, with the app's name, entrypoint and draft of this moment, bound to `databaseId`. */
  ensure(app: AppRecord, databaseId: string | null): Promise<AppRecord>;
}

export function createDraftHosts(options: {
  models: AppModels;
  changed: (record: AppRecord) => void;
  onCreated?: ((slug: string) => Promise<unknown>) | undefined;
}): DraftHosts {
  const { app: model } = options.models;

  const update = async (app: AppRecord, set: object): Promise<AppRecord | null> => {
    const record = await model
      .findOneAndUpdate(
        { draftOf: String(app._id), deletedAt: null },
        { $set: { ...set, changedAt: new Date() }, $inc: { revision: 1 } },
        { returnDocument: "after" },
      )
      .lean<AppRecord>();
    if (record) options.changed(record);
    return record;
  };

  return {
    find: (app) => model.findOne({ draftOf: String(app._id), deletedAt: null }).lean<AppRecord>(),
    async ensure(app, databaseId) {
      const { name, entrypoint, draft } = app;
      const of = { name, entrypoint, draft, databaseId };
      const known = await update(app, of);
      if (known) return known;
      const now = new Date();
      const slug = draftSlug(app.slug);
      const status = "stopped";
      const times = { createdAt: now, updatedAt: now, changedAt: now };
      try {
        const made = await model.create({
          ...of,
          ...times,
          ownerId: app.ownerId,
          slug,
          status,
          sleepAfterMinutes,
          draftOf: String(app._id),
        });
        const record = made.toObject() as AppRecord;
        options.changed(record);
        await options.onCreated?.(slug);
        return record;
      } catch (error) {
        // Two windows run the draft for the first time at once: the other one's host is as good.
        const other = (error as { code?: unknown }).code === 11_000 ? await update(app, of) : null;
        if (other) return other;
        throw error;
      }
    },
  };
}
