import { Types } from "mongoose";
import type { RequestEntry, RequestError } from "#core/contract/request.ts";
import { AppError } from "#core/contract/problem.ts";
import type { AppRecord, AppRecords } from "#server/apps/index.ts";
import type { Databases } from "#server/databases/index.ts";
import type { RequestRecord } from "#server/gateway/index.ts";
import type { ExceptionRecord } from "#server/runtime/runtime.ts";
import { afterCursor, containsText, createBatch, insertOnce, type Storage, toPage } from "#server/storage/index.ts";
import { readExceptions } from "./exceptions.ts";
import { beginOf, toLastDay, toMetrics, toTotals } from "./figures.ts";
import { createHours } from "./hours.ts";
import type { RequestFilter, Requests } from "./index.ts";
import { requestModel, type RequestDocument } from "./models.ts";

type Found = RequestDocument & { _id: Types.ObjectId };

interface HeardException {
  appId: string;
  record: ExceptionRecord;
  tries: number;
}

/** Once a second for ten seconds; gateways write every half a second. What no gateway knows was made up. */
const mostTries = 10;
const againMs = 500;

export interface RequestsDomain {
  requests: Requests;
  /** Makes the sums of hours that are over anew; see `Hours`. */
  closeHours(): Promise<void>;
  removeAppData(appId: string): Promise<void>;
}

/** Makes the requests domain; its collection and indexes exist when this resolves. */
export async function createRequests({
  storage,
  records,
  databases,
  shared = false,
}: {
  storage: Storage;
  records: () => AppRecords;
  databases: Databases;
  /** Other processes write requests too: an exception may come before the request that it is of. */
  shared?: boolean;
}): Promise<RequestsDomain> {
  const model = requestModel(storage.connection);
  await model.createCollection();
  await model.syncIndexes();
  const hours = await createHours(storage, model);

  const batch = createBatch<RequestRecord & { _id: Types.ObjectId }>(async (items) => {
    // They wait in memory, as when the database is away.
    storage.requireRoom();
    await insertOnce(
      model.collection as never,
      items.map(({ id, ...item }) => ({ ...item, requestId: id, at: new Date(item.at) })),
    );
    hours.add(items);
  });
  const exceptions = createBatch<HeardException>(async (items) => {
    await batch.flush();
    const { matchedCount } = await model.bulkWrite(
      items.map(({ appId, record }) => ({
        updateOne: { filter: { appId, requestId: record.requestId }, update: { $set: { error: toError(record) } } },
      })),
    );
    if (shared && matchedCount < items.length) await tryAgain(items);
  });
  /** Those whose request is not there yet wait for it, as long as a gateway takes to write it. */
  const tryAgain = async (items: readonly HeardException[]): Promise<void> => {
    const ids = items.map(({ record }) => record.requestId);
    const written = new Set(
      await model.distinct("requestId", { appId: { $in: items.map(({ appId }) => appId) }, requestId: { $in: ids } }),
    );
    const left = items.filter(({ record, tries }) => !written.has(record.requestId) && tries < mostTries);
    setTimeout(() => left.forEach((item) => exceptions.add({ ...item, tries: item.tries + 1 })), againMs).unref();
  };

  /** Adds the runner's half to the requests that failed. */
  const withErrors = async (app: AppRecord, found: Found[]): Promise<(document: Found) => RequestEntry> => {
    const ids = found.filter((document) => document.status >= 500 && !document.error).map((document) => document.requestId);
    const database = app.databaseId && ids.length > 0 ? await databases.credentials(app.databaseId).catch(() => null) : null;
    const errors = database ? await readExceptions(storage, database.name, String(app._id), ids) : new Map<string, RequestError>();
    return (document) => toEntry(document, (document.error as RequestError | undefined) ?? errors.get(document.requestId));
  };

  const flush = async (): Promise<void> => {
    await batch.flush();
    await Promise.all([exceptions.flush(), hours.flush()]);
  };

  const requests: Requests = {
    record: (record) => batch.add({ _id: new Types.ObjectId(), ...record }),
    recordException: (appId, record) => exceptions.add({ appId, record, tries: 1 }),
    async list(ownerId, ref, { limit, cursor, ...filter }) {
      const app = await records().requireHost(ownerId, ref);
      // What was answered a moment ago should be in the list that is asked for now.
      await flush();
      const found = await model
        .find({ appId: String(app._id), $and: [afterCursor("at", cursor), toQuery(filter)] })
        .sort({ at: -1, _id: -1 })
        .limit(limit + 1)
        .maxTimeMS(5_000)
        .lean<Found[]>();
      return toPage(found, limit, (document) => document.at, await withErrors(app, found));
    },
    async get(ownerId, ref, requestId) {
      const app = await records().requireHost(ownerId, ref);
      await flush();
      const found = await model.findOne({ appId: String(app._id), requestId }).lean<Found>();
      if (!found) throw new AppError("not_found", "There is no such request. They are kept for 7 days.");
      return (await withErrors(app, [found]))(found);
    },
    async metrics(ownerId, ref, window) {
      const app = await records().requireHost(ownerId, ref);
      await flush();
      const now = new Date();
      return toMetrics(await hours.read([String(app._id)], beginOf(window, now)), window, now);
    },
    async lastDay(appIds) {
      if (appIds.length === 0) return new Map();
      await flush();
      const now = new Date();
      const byApp = Map.groupBy(await hours.readCounts(appIds, beginOf("24h", now)), ({ appId }) => appId);
      return new Map([...byApp].map(([appId, found]) => [appId, toLastDay(found, now)]));
    },
    async lastDayOf(ownerId) {
      const appIds = await records().listIds(ownerId);
      return toTotals(appIds.length === 0 ? [] : await hours.read(appIds, beginOf("24h", new Date())));
    },
    flush,
  };
  return {
    requests,
    closeHours: () => hours.close(new Date()),
    removeAppData: async (appId) => void (await Promise.all([model.deleteMany({ appId }), hours.removeAppData(appId)])),
  };
}

function toQuery({ status, method, path }: RequestFilter): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  if (status !== undefined) {
    const matched = /^([1-5])xx$|^([1-5]\d\d)$/.exec(status);
    if (!matched) throw new AppError("invalid_input", "status is a class such as 5xx or a code such as 404.");
    const least = Number(matched[1]) * 100;
    query["status"] = matched[1] ? { $gte: least, $lt: least + 100 } : Number(matched[2]);
  }
  if (method) query["method"] = method.toUpperCase();
  if (path) query["path"] = containsText(path, 200);
  return query;
}

const toError = ({ type, message, file, line, traceback }: ExceptionRecord): RequestError => ({
  type,
  message,
  traceback,
  ...(file === undefined ? {} : { file }),
  ...(line === undefined ? {} : { line }),
});

const toEntry = (document: Found, error: RequestError | undefined): RequestEntry => ({
  id: document.requestId,
  at: document.at.toISOString(),
  method: document.method,
  path: document.path,
  queryNames: [...document.queryNames],
  status: document.status,
  latencyMs: document.latencyMs,
  coldStartMs: document.coldStartMs ?? null,
  bytesIn: document.bytesIn,
  bytesOut: document.bytesOut,
  version: document.version,
  answeredBy: document.answeredBy,
  ...(Object.keys((document.hx ?? {}) as object).length > 0 && { hx: document.hx as Record<string, string> }),
  ...(document.aborted == null ? {} : { aborted: document.aborted }),
  ...(error ? { error } : {}),
});
