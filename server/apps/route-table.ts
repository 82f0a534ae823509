import type { Route, RouteTable } from "#server/gateway/index.ts";
import { watchCollection, type Storage } from "#server/storage/index.ts";
import type { AppModels, AppRecord } from "./models.ts";

/** How many hosts that nobody has are remembered, and for how long, so that a scanner costs no query per request. */
const unknownHosts = 10_000;
const unknownMs = 2_000;

const fields = { slug: 1, live: 1, status: 1, statusReason: 1, sleepAfterMinutes: 1, deletedAt: 1 } as const;
type RouteRecord = Pick<AppRecord, "_id" | "slug" | "live" | "status" | "statusReason" | "sleepAfterMinutes" | "deletedAt">;

export interface AppRoutes extends RouteTable {
  /** Takes what this process wrote; other processes' writes come by the watch. */
  put(record: RouteRecord): void;
  /** Reads all apps and follows every change until `signal` aborts. Resolves when the table is full. */
  start(signal: AbortSignal): Promise<void>;
  readonly size: number;
}

/** Every app's host in memory: asked for each request, kept by a watch. About 0.3 KB an app. */
export function createRouteTable({ app }: AppModels, storage: Storage): AppRoutes {
  const byId = new Map<string, Route>();
  const bySlug = new Map<string, Route>();
  const unknown = new Map<string, number>();

  const drop = (appId: string): void => {
    const known = byId.get(appId);
    if (!known) return;
    byId.delete(appId);
    if (bySlug.get(known.slug) === known) bySlug.delete(known.slug);
  };
  const put = (record: RouteRecord): void => {
    const appId = String(record._id);
    drop(appId);
    if (record.deletedAt) return;
    const route = toRoute(record, appId);
    byId.set(appId, route);
    bySlug.set(route.slug, route);
    unknown.delete(route.slug);
  };
  const refresh = async (appId: string): Promise<void> => {
    const record = await app.findById(appId, fields).lean<RouteRecord>();
    if (record) put(record);
    else drop(appId);
  };
  const readAll = async (): Promise<void> => {
    const seen = new Set<string>();
    for await (const record of app.find({ deletedAt: null }, fields).lean<RouteRecord>().cursor({ batchSize: 1_000 })) {
      put(record as RouteRecord);
      seen.add(String((record as RouteRecord)._id));
    }
    for (const appId of byId.keys()) if (!seen.has(appId)) drop(appId);
  };
  /** An app made a moment ago by another process may not have been told of yet. */
  const lookUp = async (slug: string): Promise<Route | undefined> => {
    const record = await app.findOne({ slug, deletedAt: null }, fields).lean<RouteRecord>();
    if (record) {
      put(record);
      return bySlug.get(slug);
    }
    if (unknown.size >= unknownHosts) unknown.clear();
    unknown.set(slug, Date.now() + unknownMs);
    return undefined;
  };

  return {
    find(slug) {
      const known = bySlug.get(slug);
      if (known) return known;
      if ((unknown.get(slug) ?? 0) > Date.now()) return undefined;
      return lookUp(slug);
    },
    findById: (appId) => byId.get(appId),
    put,
    async start(signal) {
      await readAll();
      void watchCollection(app as never, { replicated: storage.replicated, signal, onChange: refresh, onReset: readAll });
    },
    get size() {
      return byId.size;
    },
  };
}

function toRoute(record: RouteRecord, appId: string): Route {
  const state = record.status === "stopped" && record.live ? "stopped" : record.live ? "live" : "never";
  return { appId, slug: record.slug, state, reason: record.statusReason ?? undefined, sleepAfterMs: record.sleepAfterMinutes * 60_000 };
}
