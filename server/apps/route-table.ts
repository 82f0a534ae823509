import type { Route, RouteTable } from "#server/gateway/index.ts";
import { watchCollection, type Storage } from "#server/storage/index.ts";
import type { AppModels, AppRecord } from "./models.ts";

/** How many hosts that nobody has are remembered, and for how long, so that a scanner costs no query per request. */
const unknownHosts = 10_000;
const unknownMs = 2_000;
/** How long an app that is not live is believed to be so where another process may have deployed it just now. */
const doubtMs = 250;
/** An answer to a write comes late by a moment, not by ten thousand deletions. */
const mostGone = 10_000;

const fields = {
  slug: 1,
  name: 1,
  entrypoint: 1,
  databaseId: 1,
  live: 1,
  status: 1,
  statusReason: 1,
  sleepAfterMinutes: 1,
  draftOf: 1,
  deletedAt: 1,
  revision: 1,
} as const;
type RouteRecord = Pick<AppRecord, "_id" | keyof typeof fields>;

/** What of an app decides how it is started. */
export type LiveApp = Pick<AppRecord, "_id" | "slug" | "name" | "entrypoint" | "databaseId" | "draftOf"> & {
  live: { hash: string; version: number };
};

export interface AppRoutes extends RouteTable {
  /** What is live of an app, without asking the database; undefined when it has to be asked. */
  findLive(appId: string): LiveApp | undefined;
  /** Takes what this process wrote; other processes' writes come by the watch. */
  put(record: RouteRecord): void;
  /** Reads all apps and follows every change until `signal` aborts. Resolves when the table is full. */
  start(signal: AbortSignal): Promise<void>;
  readonly size: number;
}

/** Every app's host, and what it is started with, in memory: asked for each request, kept by a watch. About 0.6 KB an app. */
export function createRouteTable({ app }: AppModels, storage: Storage, { shared = false }: { shared?: boolean } = {}): AppRoutes {
  const byId = new Map<string, Entry>();
  const bySlug = new Map<string, Entry>();
  const unknown = new Map<string, number>();

  /** Deleted apps, so that an older write's answer that comes late does not bring one back. */
  const gone = new Set<string>();
  let readingAll: Set<string> | null = null;
  /** While changes are not heard: a host leads where it led, but what is started is asked of the database. */
  let deaf = true;

  const drop = (appId: string): void => {
    const known = byId.get(appId);
    if (!known) return;
    byId.delete(appId);
    if (bySlug.get(known.route.slug) === known) bySlug.delete(known.route.slug);
  };
  const bury = (appId: string): void => {
    drop(appId);
    if (gone.size >= mostGone) gone.clear();
    gone.add(appId);
  };
  /** Takes what was read or written. Answers come in any order: what is older than what is known is left. */
  const put = (record: RouteRecord): void => {
    const appId = String(record._id);
    const revision = record.revision ?? 0;
    readingAll?.add(appId);
    if (gone.has(appId) || revision < (byId.get(appId)?.revision ?? 0)) return;
    if (record.deletedAt) {
      bury(appId);
      return;
    }
    drop(appId);
    const entry = toEntry(record, appId, revision);
    byId.set(appId, entry);
    bySlug.set(entry.route.slug, entry);
    unknown.delete(entry.route.slug);
  };
  const refresh = async (appId: string): Promise<void> => {
    const record = await app.findById(appId, fields).lean<RouteRecord>();
    if (record) put(record);
    else bury(appId);
  };
  const readAll = async (): Promise<void> => {
    const seen = (readingAll = new Set<string>());
    for await (const record of app.find({ deletedAt: null }, fields).lean<RouteRecord>().cursor({ batchSize: 1_000 }))
      put(record as RouteRecord);
    readingAll = null;
    for (const appId of byId.keys()) if (!seen.has(appId)) drop(appId);
  };
  /** An app made a moment ago by another process may not have been told of yet. */
  const lookUp = async (slug: string): Promise<Route | undefined> => {
    const record = await app.findOne({ slug, deletedAt: null }, fields).lean<RouteRecord>();
    if (record) {
      put(record);
      return bySlug.get(slug)?.route;
    }
    if (unknown.size >= unknownHosts) unknown.clear();
    unknown.set(slug, Date.now() + unknownMs);
    return undefined;
  };

  /** What is not live may be since a moment ago: who deployed it through another process goes there at once. */
  const sure = (known: Entry): Route | Promise<Route | undefined> => {
    if (!shared || known.route.state === "live" || Date.now() - known.knownAt < doubtMs) return known.route;
    return lookUp(known.route.slug).catch(() => known.route);
  };

  return {
    find(slug) {
      const known = bySlug.get(slug);
      if (known) return sure(known);
      if ((unknown.get(slug) ?? 0) > Date.now()) return undefined;
      return lookUp(slug);
    },
    findById(appId) {
      const known = byId.get(appId);
      return known && sure(known);
    },
    describe: async (appId) => (await app.findById(appId, { name: 1, description: 1 }).lean<AppRecord>()) ?? undefined,
    findLive: (appId) => (deaf ? undefined : (byId.get(appId)?.live ?? undefined)),
    put,
    async start(signal) {
      await readAll();
      const onHearing = async (): Promise<void> => {
        await readAll();
        deaf = false;
      };
      const onDeaf = (): void => void (deaf = true);
      // When an app was last asked for is written every few seconds, and moves nothing here.
      const marker = "revision";
      void watchCollection(app as never, { replicated: storage.replicated, marker, signal, onChange: refresh, onHearing, onDeaf });
    },
    get size() {
      return byId.size;
    },
  };
}

interface Entry {
  revision: number;
  /** When it was read, written or heard of last. */
  knownAt: number;
  route: Route;
  live: LiveApp | null;
}

function toEntry(
  { _id, slug, name, entrypoint, databaseId, draftOf, live, ...record }: RouteRecord,
  appId: string,
  revision: number,
): Entry {
  const state = record.status === "stopped" && live ? "stopped" : live ? "live" : "never";
  return {
    revision,
    knownAt: Date.now(),
    route: {
      appId,
      slug,
      state,
      draft: draftOf != null,
      reason: record.statusReason ?? undefined,
      sleepAfterMs: record.sleepAfterMinutes * 60_000,
    },
    live: live ? { _id, slug, name, entrypoint, databaseId, draftOf, live: { hash: live.hash, version: live.version } } : null,
  };
}
