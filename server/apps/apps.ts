import type { Types } from "mongoose";
import { checkFiles } from "#core/bundle.ts";
import type { App, AppDetail, AppStatus } from "#core/contract/app.ts";
import { appStatusSchema } from "#core/contract/app.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Databases } from "#server/databases/index.ts";
import { afterCursor, containsText, type Storage, toPage, type Vault } from "#server/storage/index.ts";
import type { Templates } from "#server/templates/index.ts";
import { createAppEnv } from "./env.ts";
import { createArchives } from "./archives.ts";
import { createBundles, requireFiles, type Bundles } from "./bundles.ts";
import type { Apps } from "./index.ts";
import { appModels, type AppModels, type AppRecord } from "./models.ts";
import { createInsert, type NewBoundApp } from "./insert.ts";
import { createDraftHosts, type DraftHosts } from "./draft-hosts.ts";
import { createAppRecords, requireOwn, requireOwnHost, type AppRecords } from "./records.ts";
import { createRemoval } from "./removal.ts";
import { createSharing } from "./sharing.ts";
import { blankApp, defaultEntrypoint, type SourceCheck } from "./source-check.ts";
import { toApp, type AppView } from "./to-app.ts";

export interface AppsOptions {
  storage: Storage;
  vault: Vault;
  databases: Databases;
  templates: Pick<Templates, "get">;
  checkSource: SourceCheck;
  /** Told when a check is likely soon: somebody is at work on files. */
  expectSourceCheck?: () => void;
  view: AppView;
  /** Called with the slug of a new app before it is answered: its address is right from then on. */
  onCreated?: (slug: string) => Promise<unknown>;
  sleepAfterMinutes: number;
  /** Stops an app's instances and removes what the runtime keeps of it. */
  removeFromRuntime: (appId: string) => Promise<void>;
  /** Removes a database that only drafts used. */
  removeDraftDatabase: (databaseId: string) => Promise<void>;
  /** Remove what other domains keep of an app. */
  removeData: readonly ((appId: string) => Promise<void>)[];
}

export interface AppsDomain {
  apps: Apps;
  records: AppRecords;
  bundles: Bundles;
  draftHosts: DraftHosts;
  models: AppModels;
  /** Hears of each app written by this process, at once. */
  onChanged: (listener: (record: AppRecord) => void) => void;
}

/** Makes the apps domain; its collections and indexes exist when this resolves. */
export async function createApps(options: AppsOptions): Promise<AppsDomain> {
  const { storage, databases, templates, view } = options;
  const models = appModels(storage.connection);
  for (const model of Object.values(models)) {
    await model.createCollection();
    await model.syncIndexes();
  }
  const listeners: ((record: AppRecord) => void)[] = [];
  const changed = (record: AppRecord): void => listeners.forEach((listener) => listener(record));
  const bundles = createBundles(models, storage);
  const env = createAppEnv(models, storage, options.vault);
  const records = createAppRecords({ models, bundles, env, onChanged: changed });
  const draftHosts = createDraftHosts({ models, changed, onCreated: options.onCreated });
  const removal = createRemoval({
    models,
    changed,
    removeFromRuntime: options.removeFromRuntime,
    removeData: options.removeData,
    removeDraftDatabase: options.removeDraftDatabase,
  });

  const present = async (ownerId: string, found: AppRecord[]): Promise<App[]> => {
    const names = new Map(
      (found.some((record) => record.databaseId) ? await databases.list(ownerId) : []).map((database) => [database.id, database.name]),
    );
    return found.map((record) => toApp(record, view, names.get(record.databaseId ?? "")));
  };
  const detail = async (ownerId: string, record: AppRecord): Promise<AppDetail> => {
    const [[app], files, databaseStats] = await Promise.all([
      present(ownerId, [record]),
      bundles.read(record.draft.hash),
      // Figures about the database are worth no failed page.
      record.databaseId ? databases.stats(ownerId, record.databaseId).catch(() => null) : null,
    ]);
    return { ...app!, files, databaseStats };
  };
  const write = async (ownerId: string, id: Types.ObjectId, set: object, filter: object = {}): Promise<AppRecord | null> => {
    const now = new Date();
    const record = await models.app
      .findOneAndUpdate(
        { _id: id, ownerId, deletedAt: null, ...filter },
        { $set: { ...set, updatedAt: now, changedAt: now }, $inc: { revision: 1 } },
        { returnDocument: "after" },
      )
      .lean<AppRecord>();
    if (record) changed(record);
    return record;
  };

  const insert = createInsert({ ...options, models, bundles, changed });
  const make = async (ownerId: string, { database, ...fields }: NewBoundApp): Promise<AppDetail> => {
    const databaseId = database ? await bindable(databases, ownerId, undefined) : null;
    return detail(ownerId, await insert(ownerId, { ...fields, databaseId }));
  };
  const sharing = createSharing({ models, bundles, env, make });
  const archives = createArchives({ bundles, env, requireOwn: (ownerId, ref) => requireOwn(models, ownerId, ref), make });
  const apps: Apps = {
    async list(ownerId, { limit, cursor, search, status }) {
      const found = await models.app
        .find({
          ownerId,
          deletedAt: null,
          draftOf: null,
          ...(status ? { status } : {}),
          $and: [afterCursor("updatedAt", cursor), searchFilter(search)],
        })
        .sort({ updatedAt: -1, _id: -1 })
        .limit(limit + 1)
        .lean<AppRecord[]>();
      const page = toPage(
        found,
        limit,
        (record) => record.updatedAt,
        (record) => record,
      );
      return { items: await present(ownerId, page.items), nextCursor: page.nextCursor };
    },
    async counts(ownerId) {
      const counted = await models.app.aggregate<{ _id: AppStatus; count: number }>([
        { $match: { ownerId, deletedAt: null, draftOf: null } },
        { $group: { _id: "$status", count: { $sum: 1 } } },
      ]);
      const none = Object.fromEntries(appStatusSchema.options.map((status) => [status, 0])) as Record<AppStatus, number>;
      return { ...none, ...Object.fromEntries(counted.map(({ _id, count }) => [_id, count])) };
    },
    async create(ownerId, input, scopes = new Set()) {
      const template = input.template === undefined ? undefined : await templates.get({ user: { id: ownerId }, scopes }, input.template);
      const files = input.files ??
        (input.code === undefined ? template?.files : { [defaultEntrypoint]: input.code }) ?? { [defaultEntrypoint]: blankApp };
      const databaseId = await bindable(databases, ownerId, input.database);
      const record = await insert(ownerId, {
        name: input.name,
        description: input.description ?? template?.description ?? "",
        files,
        databaseId,
      });
      return detail(ownerId, record);
    },
    async get(ownerId, ref) {
      return detail(ownerId, await requireOwn(models, ownerId, ref));
    },
    async find(ownerId, ref) {
      return (await present(ownerId, [await requireOwn(models, ownerId, ref)]))[0]!;
    },
    async findHost(ownerId, ref) {
      return (await present(ownerId, [await requireOwnHost(models, ownerId, ref)]))[0]!;
    },
    async update(ownerId, ref, input) {
      const record = await requireOwn(models, ownerId, ref);
      const { database, ...rest } = input;
      const set = { ...rest, ...(database === undefined ? {} : { databaseId: await bindable(databases, ownerId, database) }) };
      const updated = await write(ownerId, record._id, set);
      if (!updated) throw new AppError("not_found", "This app was deleted meanwhile.");
      return (await present(ownerId, [updated]))[0]!;
    },
    async remove(ownerId, ref) {
      await removal.remove(await requireOwn(models, ownerId, ref));
    },
    async removeDraftHost(ownerId, ref) {
      const host = await draftHosts.find(await requireOwn(models, ownerId, ref));
      if (host) await removal.remove(host);
    },
    releaseDraftDatabase: removal.releaseDraftDatabase,
    finishRemovals: () => removal.finishAll(),
    async clone(ownerId, ref, { name, from }) {
      const source = await sharing.findSource(ownerId, ref);
      if (source.ownerId !== ownerId) return sharing.copy(ownerId, source, { name, from });
      if (from === "deployed" && !source.live) throw new AppError("not_deployed", "This app was never deployed: clone its draft instead.");
      const files = await bundles.read(from === "deployed" ? source.live!.hash : source.draft.hash);
      const copy = await insert(ownerId, {
        name: name ?? `${source.name} copy`,
        description: source.description,
        files,
        databaseId: source.databaseId ?? null,
        sleepAfterMinutes: source.sleepAfterMinutes,
        entrypoint: source.entrypoint,
      });
      await env.copy(String(source._id), String(copy._id));
      return detail(ownerId, copy);
    },
    getShared: sharing.read,
    ...archives,
    async saveDraft(ownerId, ref, { files, baseHash }) {
      options.expectSourceCheck?.();
      const record = await requireOwn(models, ownerId, ref);
      requireFiles(files);
      const { hash } = await bundles.store(files);
      if (hash === record.draft.hash) return { draftHash: hash };
      const expected = baseHash ?? record.draft.hash;
      const saved = await write(
        ownerId,
        record._id,
        { draft: { hash, updatedAt: new Date() } },
        baseHash === undefined ? {} : { "draft.hash": expected },
      );
      if (saved) return { draftHash: hash };
      const current = await requireOwn(models, ownerId, ref);
      throw new AppError(
        "draft_changed",
        "Someone saved this draft after you opened it. Nothing was overwritten: compare both and choose.",
        {
          extra: {
            current: {
              hash: current.draft.hash,
              updatedAt: current.draft.updatedAt.toISOString(),
              files: await bundles.read(current.draft.hash),
            },
            yours: { files },
          },
        },
      );
    },
    async validateFiles(files, entrypoint = defaultEntrypoint) {
      const problems = checkFiles(files);
      return problems.length > 0 ? { ok: false, framework: null, problems } : options.checkSource(files, entrypoint);
    },
    async validate(ownerId, ref) {
      const record = await requireOwn(models, ownerId, ref);
      return apps.validateFiles(await bundles.read(record.draft.hash), record.entrypoint);
    },
    async listEnv(ownerId, ref) {
      return env.list(String((await requireOwnHost(models, ownerId, ref))._id));
    },
    async replaceEnv(ownerId, ref, vars) {
      return env.replace(String((await requireOwnHost(models, ownerId, ref))._id), vars);
    },
  };
  return { apps, records, bundles, draftHosts, models, onChanged: (listener) => void listeners.push(listener) };
}

/** The database to bind: the user's default unless one is named; null binds none. */
async function bindable(databases: Databases, ownerId: string, database: string | null | undefined): Promise<string | null> {
  if (database === null) return null;
  if (database === undefined) return (await databases.ensureDefault(ownerId)).id;
  const found = await databases.find(ownerId, database);
  if (!found) throw new AppError("not_found", "There is no such database, or it is not yours.");
  return found.id;
}

function searchFilter(search: string | undefined): Record<string, unknown> {
  const text = search?.trim();
  if (!text) return {};
  const pattern = containsText(text, 100);
  return { $or: [{ name: pattern }, { slug: pattern }, { description: pattern }] };
}
