import { checkFiles, hashBundle, normaliseFiles } from "#core/bundle.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Storage } from "#server/storage/index.ts";
import type { AppModels, AppRecord } from "./models.ts";

/** How long a bundle that nothing points to is kept: far longer than the time between storing one and pointing to it. */
const unusedMs = 60 * 60 * 1_000;

export interface Bundles {
  /** Stores the files under their hash; storing the same again only renews them. @throws AppError `storage_full`. */
  store(files: Files): Promise<{ hash: string }>;
  /** @throws AppError `not_found` when the bundle is gone. */
  read(hash: string): Promise<Files>;
  /** Removes what has been unused for an hour, is no draft or live version, and is kept by none of `keepers`. Answers how many. */
  removeUnused(keepers: readonly ((hashes: string[]) => Promise<Set<string>>)[]): Promise<number>;
}

export function createBundles({ app, bundle }: AppModels, storage: Pick<Storage, "requireRoom">): Bundles {
  return {
    async store(files) {
      storage.requireRoom();
      const normal = normaliseFiles(files);
      const hash = hashBundle(normal);
      const now = new Date();
      const entries = Object.entries(normal).map(([path, content]) =>
        typeof content === "string" ? { path, text: content } : { path, base64: content.base64 },
      );
      await bundle.updateOne({ _id: hash }, { $set: { usedAt: now }, $setOnInsert: { files: entries, createdAt: now } }, { upsert: true });
      return { hash };
    },
    async read(hash) {
      const found = await bundle.findById(hash).lean();
      if (!found) throw new AppError("not_found", "The files of this version are gone.");
      return Object.fromEntries(found.files.map((file) => [file.path, file.base64 == null ? (file.text ?? "") : { base64: file.base64 }]));
    },
    async removeUnused(keepers) {
      const before = new Date(Date.now() - unusedMs);
      const old = (
        await bundle
          .find({ usedAt: { $lt: before } }, { _id: 1 })
          .sort({ usedAt: 1 })
          .limit(1_000)
          .lean()
      ).map((found) => found._id);
      if (old.length === 0) return 0;
      const pointing = await app
        .find({ $or: [{ "draft.hash": { $in: old } }, { "live.hash": { $in: old } }] }, { "draft.hash": 1, "live.hash": 1 })
        .lean<Pick<AppRecord, "draft" | "live">[]>();
      const kept = new Set((await Promise.all(keepers.map((keeper) => keeper(old)))).flatMap((hashes) => [...hashes]));
      for (const found of pointing) {
        kept.add(found.draft.hash);
        if (found.live) kept.add(found.live.hash);
      }
      const unused = old.filter((hash) => !kept.has(hash));
      // The time is asked again: a draft may have come back to these files meanwhile.
      const { deletedCount } = await bundle.deleteMany({ _id: { $in: unused }, usedAt: { $lt: before } });
      const used = old.filter((hash) => kept.has(hash));
      await bundle.updateMany({ _id: { $in: used } }, { $set: { usedAt: new Date() } });
      return deletedCount;
    },
  };
}

/** @throws AppError `validation_failed` naming each file that breaks a rule and the limit. To be asked before files of others are stored. */
export function requireFiles(files: Files): void {
  const problems = checkFiles(files);
  if (problems.length > 0) throw new AppError("validation_failed", "These files cannot be kept. Nothing was saved.", { problems });
}
