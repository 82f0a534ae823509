import type { AskedImport, ImportRequest } from "#core/contract/import-request.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";
import { AppError } from "#core/contract/problem.ts";
import { userLimits } from "#core/limits.ts";
import { isStandardModule } from "#core/python/index.ts";
import type { Settings } from "#server/settings/index.ts";
import { afterCursor, toPage, type Storage } from "#server/storage/index.ts";
import { importRequestModel, type ImportRequestRecord } from "./models.ts";

/** What users wish to import and cannot, and what became of it. */
export interface ImportRequests {
  /**
   * Asks once: a second time gives the first request as it stands.
   * @throws AppError `conflict` when it can be imported, `quota_exceeded` when too many of the user's are open.
   */
  ask(userId: string, wish: { import: string; app: { id: string; name: string } }): Promise<ImportRequest>;
  /** A user's own, newest first; 200 at most, which is more than they may ask for in a while. */
  listOf(userId: string): Promise<ImportRequest[]>;
  /** Everybody's that wait, newest first. */
  listOpen(query: PageQuery): Promise<Page<AskedImport>>;
  /** Decides for all who asked for it. Allowing adds it to the allowed imports. @throws AppError `not_found` when nobody waits for it. */
  decide(adminId: string, name: string, decision: "allow" | "decline"): Promise<void>;
}

const mostListed = 200;

/** Makes its collection and indexes before it answers. */
export async function createImportRequests(options: {
  storage: Storage;
  settings: Settings;
  builtIn: ReadonlySet<string>;
  /** Display names by user id. */
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}): Promise<ImportRequests> {
  const { storage, settings, builtIn } = options;
  const model = importRequestModel(storage.connection);
  await model.createCollection();
  await model.syncIndexes();

  return {
    async ask(userId, { import: name, app }) {
      const isThere = builtIn.has(name) || settings.imports().includes(name) || isStandardModule(name);
      if (isThere) throw new AppError("conflict", `${name} can be imported already.`);
      const own = { userId, import: name };
      const before = await model.findOne(own).lean<ImportRequestRecord>();
      if (before) return toRequest(before);
      if ((await model.countDocuments({ userId, state: "open" })) >= userLimits.openImportRequests)
        throw new AppError(
          "quota_exceeded",
          `You have asked for ${userLimits.openImportRequests} imports that nobody has decided on yet. Wait for an administrator.`,
        );
      storage.requireRoom();
      // Two presses at once: the second finds the first one's.
      const $setOnInsert = { appId: app.id, appName: app.name, state: "open" as const, askedAt: new Date() };
      const asked = await model
        .findOneAndUpdate(own, { $setOnInsert }, { upsert: true, returnDocument: "after" })
        .lean<ImportRequestRecord>();
      return toRequest(asked!);
    },
    async listOf(userId) {
      const found = await model.find({ userId }).sort({ askedAt: -1, _id: -1 }).limit(mostListed).lean<ImportRequestRecord[]>();
      return found.map(toRequest);
    },
    async listOpen({ limit, cursor }) {
      const found = await model
        .find({ state: "open", ...afterCursor("askedAt", cursor) })
        .sort({ askedAt: -1, _id: -1 })
        .limit(limit + 1)
        .lean<ImportRequestRecord[]>();
      const names = await options.namesOf([...new Set(found.map(({ userId }) => userId))]);
      return toPage(
        found,
        limit,
        (record) => record.askedAt,
        (record) => ({ ...toRequest(record), user: { id: record.userId, name: names.get(record.userId) ?? "A deleted account" } }),
      );
    },
    async decide(adminId, name, decision) {
      const waiting = { import: name, state: "open" as const };
      if (!(await model.exists(waiting)))
        throw new AppError("not_found", `Nobody waits for ${name}. Somebody else may have decided meanwhile.`);
      // First what they asked for: whoever reads "allowed" can import it.
      if (decision === "allow") await settings.putImports([...settings.imports(), name]);
      const state = decision === "allow" ? "allowed" : "declined";
      await model.updateMany(waiting, { $set: { state, decidedAt: new Date(), decidedBy: adminId } });
    },
  };
}

const toRequest = (record: ImportRequestRecord): ImportRequest => ({
  id: String(record._id),
  import: record.import,
  app: { id: record.appId, name: record.appName },
  state: record.state,
  askedAt: record.askedAt.toISOString(),
  decidedAt: record.decidedAt?.toISOString() ?? null,
});
