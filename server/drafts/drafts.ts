import type { DraftHost } from "#core/contract/draft.ts";
import { AppError } from "#core/contract/problem.ts";
import { draftSlug } from "#core/slug.ts";
import type { AppRecord, AppRecords, Apps, DraftHosts } from "#server/apps/index.ts";
import type { DatabaseCopies, DatabaseRef, Databases } from "#server/databases/index.ts";
import type { Deployments } from "#server/deployments/index.ts";
import { draftEntryPath } from "#server/gateway/index.ts";
import type { Drafts } from "./index.ts";
import type { DraftPasses } from "./passes.ts";

export interface DraftsOptions {
  apps: Apps;
  records: AppRecords;
  hosts: DraftHosts;
  databases: Databases;
  copies: DatabaseCopies;
  deployments: Deployments;
  passes: DraftPasses;
  urlOf: (slug: string) => string;
}

export function createDrafts(options: DraftsOptions): Drafts {
  const { records, hosts, databases, copies } = options;

  const databaseOf = async (app: AppRecord): Promise<DatabaseRef | null> =>
    app.databaseId ? databases.findDraft(app.ownerId, app.databaseId) : null;

  const toHost = async (app: AppRecord): Promise<DraftHost> => {
    const [host, database] = await Promise.all([hosts.find(app), databaseOf(app)]);
    const [sizeBytes, copy] = database
      ? await Promise.all([databases.sizeBytes(app.ownerId, database.id).catch(() => 0), copies.find(database.id)])
      : [0, null];
    const slug = draftSlug(app.slug);
    return {
      host: slug,
      url: options.urlOf(slug),
      status: host?.status ?? "stopped",
      ...(host?.statusReason ? { statusReason: host.statusReason } : {}),
      running: host?.live ? { hash: host.live.hash, updatedAt: host.live.updatedAt.toISOString() } : null,
      lastDeployment: host?.lastDeployment ? { id: host.lastDeployment.id, state: host.lastDeployment.state } : null,
      database: database && { name: database.name, sizeBytes },
      copy,
    };
  };

  /** The draft's database, if there is one. @throws AppError `conflict` while it is being filled. */
  const requireUnfilled = async (app: AppRecord): Promise<DatabaseRef | null> => {
    const database = await databaseOf(app);
    if (database && (await copies.find(database.id))?.state === "running")
      throw new AppError("conflict", "The draft's database is being filled. Wait for it to end, or cancel it.");
    return database;
  };

  return {
    get: async (ownerId, ref) => toHost(await records.require(ownerId, ref)),
    async run(owner, ref, input) {
      const app = await records.require(owner.id, ref);
      const [, host] = await Promise.all([requireUnfilled(app), hosts.find(app)]);
      const before = host?.databaseId;
      const begun = await options.deployments.runDraft(owner, String(app._id), input);
      // The app was bound to another database meanwhile, and so is its draft now.
      const now = (await databaseOf(app))?.id;
      if (before != null && before !== now) await options.apps.releaseDraftDatabase(app.ownerId, before);
      return begun;
    },
    async link(ownerId, ref, path) {
      const app = await records.require(ownerId, ref);
      const host = await hosts.find(app);
      if (!host?.live) throw new AppError("not_deployed", "The draft does not run yet. Press Run draft first.");
      const { link, expiresInMs } = await options.passes.issue(String(host._id), path);
      return { url: `${options.urlOf(host.slug)}${draftEntryPath}?link=${link}`, expiresInMs };
    },
    async fillDatabase(ownerId, ref, from) {
      const app = await records.require(ownerId, ref);
      if (!app.databaseId) throw new AppError("conflict", "This app has no database. Bind one in its settings first.");
      const { id } = await databases.ensureDraft(ownerId, app.databaseId);
      if (from === "live") await copies.start(ownerId, app.databaseId, id);
      else await copies.empty(id);
      return toHost(app);
    },
    async cancelCopy(ownerId, ref) {
      const app = await records.require(ownerId, ref);
      const database = await databaseOf(app);
      if (database) await copies.cancel(database.id);
      return toHost(app);
    },
    async remove(ownerId, ref) {
      const app = await records.require(ownerId, ref);
      const database = await requireUnfilled(app);
      await options.apps.removeDraftHost(ownerId, String(app._id));
      // One that was filled and never run has no host.
      if (database) await options.apps.releaseDraftDatabase(ownerId, database.id);
    },
  };
}
