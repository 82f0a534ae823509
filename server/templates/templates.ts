import type { Framework } from "#core/contract/app.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import type { ModerateTemplateInput, TemplateView, UpdateTemplateInput } from "#core/contract/template-view.ts";
import { templateLimits, userLimits } from "#core/limits.ts";
import { usesMongo } from "#core/python/index.ts";
import { requireFiles, type AppsDomain, type SourceCheck } from "#server/apps/index.ts";
import { afterCursor, containsText, toPage, type Storage } from "#server/storage/index.ts";
import { audienceOf, audiences, changeableBy, named, seenBy, standing } from "./audience.ts";
import type { Templates, TemplatesDomain, TemplateViewer } from "./index.ts";
import { templateModel, type TemplateRecord } from "./models.ts";
import { readShipped, ship } from "./shipped.ts";

export interface TemplatesOptions {
  storage: Storage;
  /** Where the built-in ones lie. */
  folder: string;
  /** The bundles that apps and versions share, and apps' drafts; asked for when they are needed. */
  apps: () => Pick<AppsDomain, "bundles" | "records">;
  checkSource: SourceCheck;
  /** Display names by user id. */
  namesOf: (userIds: readonly string[]) => Promise<Map<string, string>>;
}

/** What every template's code begins at, as an app's does. */
const entrypoint = "app.py";

/** Makes the templates domain; its collection and indexes exist when this resolves. */
export async function createTemplates(options: TemplatesOptions): Promise<TemplatesDomain> {
  const model = templateModel(options.storage.connection);
  await model.createCollection();
  await model.syncIndexes();
  const shipped = readShipped(options.folder);

  const require = async (filter: object): Promise<TemplateRecord> => {
    const found = await model.findOne(filter).lean<TemplateRecord>();
    if (!found) throw missing();
    return found;
  };
  /** @throws AppError `forbidden` when it is seen but not theirs to change. */
  const requireChangeable = async (viewer: TemplateViewer, id: string): Promise<TemplateRecord> => {
    const seen = await require({ ...named(id), ...seenBy(viewer) });
    if (seen.ownerId !== viewer.user.id && !viewer.scopes.has("admin"))
      throw new AppError(
        "forbidden",
        "This template is everybody's: only administrators change it. Make an app from it and save that as your own.",
      );
    return seen;
  };
  const store = async (files: Files): Promise<{ hash: string; framework: Framework | null; database: boolean }> => {
    requireFiles(files);
    requireEntrypoint(files);
    const [{ hash }, { framework }] = await Promise.all([options.apps().bundles.store(files), options.checkSource(files, entrypoint)]);
    return { hash, framework, database: usesMongo(files) };
  };
  const draftOf = async (viewer: TemplateViewer, app: string): Promise<Files> => {
    const { records } = options.apps();
    return records.readBundle((await records.require(viewer.user.id, app)).draft.hash);
  };
  const write = async (record: TemplateRecord, set: Partial<TemplateRecord>, filter: object): Promise<TemplateView> => {
    const now = { ...record, ...set };
    const changed = await model
      .findOneAndUpdate(
        { _id: record._id, ...filter },
        { $set: { ...set, audience: audienceOf({ ownerId: now.ownerId ?? null, hidden: now.hidden }), updatedAt: new Date() } },
        { returnDocument: "after" },
      )
      .lean<TemplateRecord>();
    if (!changed) throw missing();
    return toView(changed);
  };
  /** A built-in one that was changed is the administrator's from then on. */
  const change = async (
    record: TemplateRecord,
    input: Omit<UpdateTemplateInput, "app"> & { hidden?: boolean | undefined },
    filter: object,
  ) => {
    const { files, hidden, database, ...described } = input;
    const stored = files === undefined ? {} : await store(files);
    const set = { ...stored, ...described, ...(database === undefined ? {} : { database }) };
    const edited = Object.keys(set).length > 0 ? { edited: true } : {};
    return write(record, { ...set, ...edited, ...(hidden === undefined ? {} : { hidden }) } as Partial<TemplateRecord>, filter);
  };
  const erase = async (record: TemplateRecord): Promise<void> => {
    // What is gone entirely would come back with the next start.
    if (record.key == null) await model.deleteOne({ _id: record._id });
    else await model.updateOne({ _id: record._id }, { $set: { audience: audiences.deleted, updatedAt: new Date() } });
  };
  const requireFree = async (ownerId: string | null): Promise<void> => {
    const [most, whose] = ownerId === null ? [templateLimits.global, "There are"] : [userLimits.templates, "You have"];
    const count = await model.countDocuments(
      ownerId === null ? { audience: { $in: [audiences.global, audiences.hidden] }, key: null } : { audience: ownerId },
    );
    if (count >= most)
      throw new AppError(
        "quota_exceeded",
        `${whose} ${most} templates${ownerId === null ? " for everybody" : ""}, which is the limit. Delete one that is no longer needed.`,
      );
  };

  const templates: Templates = {
    async list(viewer, { limit, cursor, tab, search, complexity, tag }) {
      const found = await model
        .find({
          ...seenBy(viewer, tab),
          ...(complexity === undefined ? {} : { complexity }),
          ...(tag === undefined ? {} : { tags: tag }),
          $and: [afterCursor("rankedAt", cursor), searchFilter(search)],
        })
        .sort({ rankedAt: -1, _id: -1 })
        .limit(limit + 1)
        .lean<TemplateRecord[]>();
      return toPage(found, limit, ({ rankedAt }) => rankedAt, toView);
    },
    async get(viewer, id) {
      const found = await require({ ...named(id), ...seenBy(viewer) });
      return { ...toView(found), files: await options.apps().bundles.read(found.hash), entrypoint: found.entrypoint };
    },
    async create(viewer, { global = false, app, files, ...input }) {
      if (global && !viewer.scopes.has("admin")) throw new AppError("forbidden", "Only administrators make templates for everybody.");
      const ownerId = global ? null : viewer.user.id;
      const chosen = app === undefined ? files! : await draftOf(viewer, app);
      await requireFree(ownerId);
      const stored = await store(chosen);
      const now = new Date();
      const created = await model.create({
        complexity: "beginner",
        tags: [],
        ...stored,
        ...input,
        database: input.database ?? stored.database,
        ownerId,
        audience: audienceOf({ ownerId, hidden: false }),
        entrypoint,
        rankedAt: now,
        createdAt: now,
        updatedAt: now,
      });
      return toView(created.toObject() as TemplateRecord);
    },
    async update(viewer, id, { app, ...input }) {
      const record = await requireChangeable(viewer, id);
      const files = app === undefined ? {} : { files: await draftOf(viewer, app) };
      return change(record, { ...input, ...files }, changeableBy(viewer));
    },
    async setHidden(viewer, id, hidden) {
      return change(await requireChangeable(viewer, id), { hidden }, changeableBy(viewer));
    },
    async remove(viewer, id) {
      await erase(await requireChangeable(viewer, id));
    },
    everybodys: {
      async list({ limit, cursor, search }) {
        const found = await model
          .find({ ...standing, $and: [afterCursor("rankedAt", cursor), searchFilter(search)] })
          .sort({ rankedAt: -1, _id: -1 })
          .limit(limit + 1)
          .lean<TemplateRecord[]>();
        const names = await options.namesOf(found.flatMap(({ ownerId }) => ownerId ?? []));
        const ownerOf = ({ ownerId }: TemplateRecord) =>
          ownerId == null ? null : { id: ownerId, name: names.get(ownerId) ?? "a deleted account" };
        return toPage(
          found,
          limit,
          ({ rankedAt }) => rankedAt,
          (record) => ({ ...toView(record), owner: ownerOf(record) }),
        );
      },
      async update(id, input: ModerateTemplateInput) {
        return change(await require({ ...named(id), ...standing }), input, standing);
      },
      async remove(id) {
        await erase(await require({ ...named(id), ...standing }));
      },
    },
  };
  return {
    templates,
    ship: () => ship(model, shipped, (files) => options.apps().bundles.store(files)),
    kept: async (hashes) => new Set(await model.distinct("hash", { hash: { $in: hashes }, ...standing })),
    async removeOwned(userId) {
      await model.deleteMany({ audience: userId });
    },
  };
}

const missing = (): AppError => new AppError("not_found", "There is no such template, or it is not yours.");

function requireEntrypoint(files: Files): void {
  if (typeof files[entrypoint] === "string") return;
  const message = `A template needs the file ${entrypoint}, which every app begins with.`;
  throw new AppError("validation_failed", message, { problems: [{ path: "files", message }] });
}

const toView = (record: TemplateRecord): TemplateView => ({
  id: record.key ?? String(record._id),
  name: record.name,
  description: record.description,
  complexity: record.complexity,
  tags: [...record.tags],
  framework: record.framework ?? null,
  database: record.database,
  global: record.ownerId == null,
  hidden: record.hidden,
  builtIn: record.key != null,
  hash: record.hash,
  createdAt: record.createdAt.toISOString(),
  updatedAt: record.updatedAt.toISOString(),
});

function searchFilter(search: string | undefined): Record<string, unknown> {
  const text = search?.trim();
  if (!text) return {};
  const pattern = containsText(text, 100);
  return { $or: [{ name: pattern }, { description: pattern }, { tags: pattern }] };
}
