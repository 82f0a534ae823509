import type { AppDetail } from "#core/contract/app.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Bundles } from "./bundles.ts";
import type { AppEnv } from "./env.ts";
import type { SharedApp } from "./index.ts";
import type { NewBoundApp } from "./insert.ts";
import type { AppModels, AppRecord } from "./models.ts";
import { requireOwn, requireShared } from "./records.ts";

export interface Sharing {
  /** What every account may read of an app that its owner shares. */
  read(ref: string): Promise<SharedApp>;
  /** The app to copy from: one's own, or anybody's that is shared. */
  findSource(ownerId: string, ref: string): Promise<AppRecord>;
  /** An app of `ownerId` with the files of somebody else's `source`, and nothing else of it. */
  copy(
    ownerId: string,
    source: AppRecord,
    input: { name?: string | undefined; from?: "draft" | "deployed" | undefined },
  ): Promise<AppDetail>;
}

/** What others may have of an app: the files that serve, or the draft of one that never did. A draft beside them is its owner's own. */
export function createSharing(options: {
  models: AppModels;
  bundles: Bundles;
  env: AppEnv;
  make: (ownerId: string, app: NewBoundApp) => Promise<AppDetail>;
}): Sharing {
  const { models, bundles, env } = options;
  const filesOf = (record: AppRecord): Promise<Files> => bundles.read((record.live ?? record.draft).hash);
  return {
    async read(ref) {
      const record = await requireShared(models, ref);
      const [files, names] = await Promise.all([filesOf(record), env.listNames(String(record._id))]);
      return {
        slug: record.slug,
        name: record.name,
        description: record.description,
        ownerId: record.ownerId,
        framework: record.framework ?? null,
        entrypoint: record.entrypoint,
        database: record.databaseId != null,
        files,
        variables: names,
      };
    },
    async findSource(ownerId, ref) {
      try {
        return await requireOwn(models, ownerId, ref);
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found") return await requireShared(models, ref);
        throw error;
      }
    },
    async copy(ownerId, source, { name, from }) {
      if (from === "draft" && source.live)
        throw new AppError("forbidden", "Only what is deployed of this app is shared. Leave `from` out.");
      if (from === "deployed" && !source.live)
        throw new AppError("not_deployed", "This app was never deployed. Leave `from` out to copy its draft.");
      const { description, entrypoint } = source;
      const [files, database] = [await filesOf(source), source.databaseId != null];
      return options.make(ownerId, { name: name ?? source.name, description, entrypoint, files, database });
    },
  };
}
