import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import { userLimits } from "#core/limits.ts";
import { slugCandidates } from "#core/slug.ts";
import { failpoint } from "#server/storage/index.ts";
import { requireFiles, type Bundles } from "./bundles.ts";
import type { AppModels, AppRecord } from "./models.ts";
import { defaultEntrypoint, type SourceCheck } from "./source-check.ts";

export interface NewApp {
  name: string;
  description: string;
  files: Files;
  databaseId: string | null;
  sleepAfterMinutes?: number | undefined;
  entrypoint?: string;
}

/** With the default database of its owner, or with none. */
export type NewBoundApp = Omit<NewApp, "databaseId"> & { database: boolean };

/** Makes apps: with a slug from the name that nobody has. @throws AppError `validation_failed` for the files, `quota_exceeded`. */
export function createInsert(options: {
  models: AppModels;
  bundles: Bundles;
  checkSource: SourceCheck;
  changed: (record: AppRecord) => void;
  onCreated?: ((slug: string) => Promise<unknown>) | undefined;
  sleepAfterMinutes: number;
}): (ownerId: string, fields: NewApp) => Promise<AppRecord> {
  const { app } = options.models;

  return async (ownerId, { name, description, files, databaseId, sleepAfterMinutes, entrypoint = defaultEntrypoint }) => {
    requireFiles(files);
    if ((await app.countDocuments({ ownerId, deletedAt: null, draftOf: null })) >= userLimits.apps) {
      throw new AppError("quota_exceeded", `You have ${userLimits.apps} apps, which is the limit. Delete one you no longer need.`);
    }
    const { hash } = await options.bundles.store(files);
    const { framework } = await options.checkSource(files, entrypoint);
    const now = new Date();
    const times = { createdAt: now, updatedAt: now, changedAt: now };
    const fields = { ownerId, name, description, entrypoint, framework, databaseId, ...times };
    const draft = { hash, updatedAt: now };
    for (const slug of slugCandidates(name)) {
      try {
        const created = await app.create({
          ...fields,
          slug,
          draft,
          status: "stopped",
          sleepAfterMinutes: sleepAfterMinutes ?? options.sleepAfterMinutes,
        });
        failpoint("app-created");
        const record = created.toObject() as AppRecord;
        options.changed(record);
        await options.onCreated?.(slug);
        return record;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 11_000) throw error;
      }
    }
    throw new Error("No slug was free.");
  };
}
