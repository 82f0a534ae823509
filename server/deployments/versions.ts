import { appLimits } from "#core/limits.ts";
import type { Version } from "#core/contract/deployment.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";
import { AppError } from "#core/contract/problem.ts";
import type { AppRecord } from "#server/apps/index.ts";
import type { DeploymentModels, DeploymentRecord, VersionDocument } from "./models.ts";

export interface Versions {
  /** Writes what a deployment made live; repeating it changes nothing. */
  write(deployment: DeploymentRecord, number: number, framework: string | null): Promise<void>;
  /** Forgets those that are too old beside the newest, `number`. */
  prune(appId: string, number: number): Promise<void>;
  list(app: AppRecord, query: PageQuery): Promise<Page<Version>>;
  /** @throws AppError `not_found`. */
  require(app: AppRecord, number: number): Promise<VersionDocument>;
  toVersion(version: VersionDocument, app: AppRecord, names: ReadonlyMap<string, string>): Version;
  /** Which of these bundles a kept version points to. */
  kept(hashes: string[]): Promise<Set<string>>;
}

export function createVersions({ version }: DeploymentModels, namesOf: (ids: readonly string[]) => Promise<Map<string, string>>): Versions {
  const toVersion: Versions["toVersion"] = (found, app, names) => ({
    number: found.number,
    hash: found.hash,
    createdAt: found.createdAt.toISOString(),
    author: names.get(found.authorId) ?? "a deleted account",
    live: app.live?.version === found.number,
    message: found.message,
  });
  return {
    async write(deployment, number, framework) {
      const { appId, authorId, hash, message } = deployment;
      await version.updateOne(
        { appId, number },
        { $setOnInsert: { hash, authorId, message, deploymentId: String(deployment._id), framework, createdAt: new Date() } },
        { upsert: true },
      );
    },
    async prune(appId, number) {
      await version.deleteMany({ appId, number: { $lte: number - appLimits.versionsKept } });
    },
    async list(app, { limit, cursor }) {
      const before = cursor === undefined ? {} : { number: { $lt: parseCursor(cursor) } };
      const found = await version
        .find({ appId: String(app._id), ...before })
        .sort({ number: -1 })
        .limit(limit + 1)
        .lean();
      const shown = found.slice(0, limit);
      const names = await namesOf(shown.map((one) => one.authorId));
      return {
        items: shown.map((one) => toVersion(one, app, names)),
        nextCursor: found.length > limit ? String(shown.at(-1)!.number) : null,
      };
    },
    async require(app, number) {
      const found = await version.findOne({ appId: String(app._id), number }).lean();
      if (!found)
        throw new AppError("not_found", `There is no version ${number} of this app. The last ${appLimits.versionsKept} are kept.`);
      return found;
    },
    toVersion,
    async kept(hashes) {
      return new Set(await version.distinct("hash", { hash: { $in: hashes } }));
    },
  };
}

function parseCursor(cursor: string): number {
  if (!/^\d{1,9}$/.test(cursor))
    throw new AppError("invalid_input", "This cursor is not one that a list answered. Start again without it.");
  return Number(cursor);
}
