import { Types } from "mongoose";
import type { AppStatus, DeploymentState, Framework } from "#core/contract/app.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import type { AppEnv } from "./env.ts";
import type { Bundles } from "./bundles.ts";
import type { AppModels, AppRecord } from "./models.ts";

export interface LiveVersion {
  version: number;
  hash: string;
  deploymentId: string;
}

/** One deployment of an app runs at a time: more than a second try is needed only by those that lost their lease, one after the other. */
const mostCounts = 50;

/** What the deployments domain reads and writes of an app; the model itself stays here. */
export interface AppRecords {
  /** @throws AppError `not_found` when it is not there or not the owner's. */
  require(ownerId: string, app: string): Promise<AppRecord>;
  /** The same for an app or the host of its draft (`draft--<slug>`): for what watches and calls them. */
  requireHost(ownerId: string, host: string): Promise<AppRecord>;
  find(appId: string): Promise<AppRecord | null>;
  /** Apps that have something live. */
  countLive(): Promise<number>;
  /**
   * Makes a version live in one write: the next number when `hash` is new, or `version` again; repeating it for the same deployment
   * changes nothing. `versionCounter` saves a read, if it is still right. Answers null when the app is being deleted meanwhile.
   */
  makeLive(
    appId: string,
    live: { hash: string; deploymentId: string; version?: number | undefined; versionCounter?: number; framework: Framework | null },
  ): Promise<LiveVersion | null>;
  setStatus(appId: string, status: AppStatus, reason: string | null, onlyFrom?: readonly AppStatus[]): Promise<void>;
  /** An instance answers: the app runs, and its idle time begins. */
  noteAwake(appId: string): Promise<void>;
  /** Every app that has something live and was not changed in the last 10 s, with its status: for a comparison with what runs. */
  listStatuses(): Promise<{ appId: string; status: AppStatus }[]>;
  /** The ids of an owner's apps; drafts' hosts are not among them. */
  listIds(ownerId: string): Promise<string[]>;
  /** Which of these apps have something live. */
  findLive(appIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Which of these apps had no request for their sleep time and `graceMs`, by what is reported now. */
  findIdle(appIds: readonly string[], graceMs: number): Promise<string[]>;
  setLastDeployment(appId: string, deployment: { id: string; state: DeploymentState }): Promise<void>;
  /** After a start: nothing runs yet, whatever the last process wrote. */
  markAllAsleep(): Promise<void>;
  touch(activity: ReadonlyMap<string, Date>): Promise<void>;
  readBundle(hash: string): Promise<Files>;
  openEnv(appId: string): Promise<Record<string, string>>;
  /** The same for a wake: from a copy in memory where one is kept. */
  recallEnv(appId: string): Promise<Record<string, string>>;
  /** Keeps copies for `recallEnv`, right by a watch, until `signal` aborts. */
  keepCopies(signal: AbortSignal): void;
}

/** A deployment or wake that is under way is seen by one process before the other: nothing is concluded from that. */
const settledMs = 10_000;

export function createAppRecords(options: {
  models: AppModels;
  bundles: Bundles;
  env: AppEnv;
  onChanged: (record: AppRecord) => void;
}): AppRecords {
  const { models, bundles, env } = options;
  const { app } = models;
  const alive = { deletedAt: null };

  const change = async (filter: object, update: { $set: object }): Promise<AppRecord | null> => {
    const $set = { ...update.$set, changedAt: new Date() };
    const $inc = { revision: 1 };
    const changed = await app.findOneAndUpdate({ ...filter, ...alive }, { $set, $inc }, { returnDocument: "after" }).lean<AppRecord>();
    if (changed) options.onChanged(changed);
    return changed;
  };

  return {
    require: (ownerId, ref) => requireOwn(models, ownerId, ref),
    requireHost: (ownerId, ref) => requireOwnHost(models, ownerId, ref),
    find: (appId) => (Types.ObjectId.isValid(appId) ? app.findOne({ _id: appId, ...alive }).lean<AppRecord>() : Promise.resolve(null)),
    countLive: () => app.countDocuments({ live: { $ne: null }, ...alive }),
    async makeLive(appId, { hash, deploymentId, version, versionCounter: counter = -1, framework }) {
      for (let tries = 0; tries < mostCounts; tries += 1) {
        const number = version ?? counter + 1;
        const live = { version: number, hash, deploymentId, updatedAt: new Date() };
        const set = {
          live,
          framework,
          status: "running",
          statusReason: null,
          updatedAt: new Date(),
          lastDeployment: { id: deploymentId, state: "succeeded" },
        };
        // The counter in the filter makes the number ours even if another process counted meanwhile.
        const $set = version === undefined ? { ...set, versionCounter: number } : set;
        if (await change({ _id: appId, versionCounter: counter }, { $set })) return { version: number, hash, deploymentId };
        const now = await app.findOne({ _id: appId, ...alive }).lean<AppRecord>();
        if (!now) return null;
        // The driver repeats a write whose answer was lost, and the first one may have been done.
        if (now.live?.deploymentId === deploymentId) return { version: now.live.version, hash, deploymentId };
        counter = now.versionCounter;
      }
      throw new Error(`Others made versions of the app ${appId} live ${mostCounts} times while this one tried.`);
    },
    async setStatus(appId, status, reason, onlyFrom) {
      await change({ _id: appId, ...(onlyFrom ? { status: { $in: onlyFrom } } : {}) }, { $set: { status, statusReason: reason } });
    },
    async noteAwake(appId) {
      const awake = { status: "running", statusReason: null, wokenAt: new Date() };
      await change({ _id: appId, status: { $in: ["running", "sleeping", "error"] } }, { $set: awake });
    },
    async listStatuses() {
      const found = await app
        .find({ live: { $ne: null }, changedAt: { $lt: new Date(Date.now() - settledMs) }, ...alive }, { status: 1 })
        .lean<Pick<AppRecord, "_id" | "status">[]>();
      return found.map(({ _id, status }) => ({ appId: String(_id), status }));
    },
    async listIds(ownerId) {
      const found = await app.find({ ownerId, draftOf: null, ...alive }, { _id: 1 }).lean<Pick<AppRecord, "_id">[]>();
      return found.map(({ _id }) => String(_id));
    },
    async findLive(appIds) {
      const found = await app.find({ ...toIds(appIds), live: { $ne: null }, ...alive }, { _id: 1 }).lean<Pick<AppRecord, "_id">[]>();
      return new Set(found.map(({ _id }) => String(_id)));
    },
    async findIdle(appIds, graceMs) {
      const fields = { lastRequestAt: 1, wokenAt: 1, live: 1, sleepAfterMinutes: 1 } as const;
      const found = await app.find({ ...toIds(appIds), ...alive }, fields).lean<Pick<AppRecord, "_id" | keyof typeof fields>[]>();
      return found.filter((one) => isIdle(one, Date.now() - graceMs)).map(({ _id }) => String(_id));
    },
    async setLastDeployment(appId, deployment) {
      await change({ _id: appId }, { $set: { lastDeployment: deployment } });
    },
    async markAllAsleep() {
      await app.updateMany({ status: "running" }, { $set: { status: "sleeping", changedAt: new Date() }, $inc: { revision: 1 } });
    },
    async touch(activity) {
      if (activity.size === 0) return;
      await app.bulkWrite(
        [...activity].map(([appId, at]) => ({
          updateOne: { filter: { _id: new Types.ObjectId(appId) }, update: { $max: { lastRequestAt: at } } },
        })),
      );
    },
    readBundle: (hash) => bundles.read(hash),
    openEnv: (appId) => env.open(appId),
    recallEnv: (appId) => env.recall(appId),
    keepCopies: (signal) => env.keepCopies(signal),
  };
}

const toIds = (appIds: readonly string[]) => ({
  _id: { $in: appIds.filter((id) => Types.ObjectId.isValid(id)).map((id) => new Types.ObjectId(id)) },
});

/** Who was deployed or woken and never asked for has its whole sleep time. */
function isIdle(
  { lastRequestAt, wokenAt, live, sleepAfterMinutes }: Pick<AppRecord, "lastRequestAt" | "wokenAt" | "live" | "sleepAfterMinutes">,
  now: number,
): boolean {
  const lastSign = Math.max(lastRequestAt?.getTime() ?? 0, wokenAt?.getTime() ?? 0, live?.updatedAt.getTime() ?? 0);
  return now - lastSign >= sleepAfterMinutes * 60_000;
}

const named = (ref: string): object => (/^[0-9a-f]{24}$/.test(ref) ? { _id: new Types.ObjectId(ref) } : { slug: ref });

/** The app that `ref` names, if its owner shares it: the one way to an app that is somebody else's. */
export async function requireShared({ app }: AppModels, ref: string): Promise<AppRecord> {
  const found = await app.findOne({ ...named(ref), shared: true, draftOf: null, deletedAt: null }).lean<AppRecord>();
  if (!found) throw new AppError("not_found", "There is no such app, or it is not shared.");
  return found;
}

/** The app that `ref` (an id or a slug) names, if it is `ownerId`'s. @throws AppError `not_found`, for the host of a draft too. */
export async function requireOwn(models: AppModels, ownerId: string, ref: string): Promise<AppRecord> {
  const found = await requireOwnHost(models, ownerId, ref);
  if (found.draftOf == null) return found;
  throw new AppError("not_found", `${found.slug} is the draft of an app: name the app itself.`);
}

/** The app, or the host of an app's draft, that `ref` names: the one place where both are scoped by owner. */
export async function requireOwnHost({ app }: AppModels, ownerId: string, ref: string): Promise<AppRecord> {
  const found = await app.findOne({ ...named(ref), ownerId, deletedAt: null }).lean<AppRecord>();
  if (!found) throw new AppError("not_found", "There is no such app, or it is not yours.");
  return found;
}
