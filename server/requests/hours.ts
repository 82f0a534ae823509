import { Types, type Model, type mongo } from "mongoose";
import type { RequestRecord } from "#server/gateway/index.ts";
import { createBatch, prepareCollections, type Storage } from "#server/storage/index.ts";
import { stepExpression, stepOf, type Histogram } from "./histogram.ts";
import { closedHourModel, hourModel, type HourDocument } from "./hour-model.ts";
import type { RequestDocument } from "./models.ts";

export const hourMs = 3_600_000;
/** When an hour's requests are all written, whatever was away meanwhile. */
const lateMs = 10 * 60_000;
/** Far more than fit between a write and the next try of it. */
const rememberedSums = 50;

/** What is summed of a request. */
export type Summed = Pick<RequestRecord, "appId" | "at" | "status" | "latencyMs" | "coldStartMs">;
export type HourSums = Omit<HourDocument, "added">;

export type HourCounts = Pick<HourSums, "appId" | "hour" | "requests" | "errors">;

export interface Hours {
  /** Adds requests that were written. Each is counted once, however often the database has to be asked. */
  add(requests: readonly Summed[]): void;
  /** Writes what waits. */
  flush(): Promise<void>;
  /** The hours of these apps from `from` on, in order. */
  read(appIds: readonly string[], from: Date): Promise<HourSums[]>;
  /** The same without what takes room: how long things took. */
  readCounts(appIds: readonly string[], from: Date): Promise<HourCounts[]>;
  /** Makes the sums of hours that are over anew from the requests themselves: what a killed process had not added comes in. May be repeated. */
  close(now: Date): Promise<void>;
  removeAppData(appId: string): Promise<void>;
}

export const hourOf = (at: Date): Date => new Date(Math.floor(at.getTime() / hourMs) * hourMs);

export async function createHours(storage: Pick<Storage, "connection">, requests: Model<RequestDocument>): Promise<Hours> {
  const model = hourModel(storage.connection);
  const closed = closedHourModel(storage.connection);
  await prepareCollections([model as never, closed as never]);
  const collection = model.collection as unknown as mongo.Collection<HourDocument>;
  const sums = createBatch<{ id: Types.ObjectId; hours: HourSums[] }>(async (items) => {
    const additions = items.flatMap(({ id, hours }) => hours.map((hour) => toAddition(id, hour)));
    const there = await makeMissing(collection, additions);
    if (there.length > 0)
      await collection.bulkWrite(
        there.map((updateOne) => ({ updateOne })),
        { ordered: false },
      );
  });
  const rebuild = async (hour: Date): Promise<void> => {
    const found = await sumUp(requests, hour);
    if (found.length === 0) return;
    await collection.bulkWrite(
      found.map(({ appId, hour: at, ...rest }) => ({ updateOne: { filter: { appId, hour: at }, update: { $set: rest }, upsert: true } })),
      { ordered: false },
    );
  };
  return {
    add: (added) => sums.add({ id: new Types.ObjectId(), hours: toSums(added) }),
    flush: sums.flush,
    async read(appIds, from) {
      const found = await model
        .find({ appId: { $in: [...appIds] }, hour: { $gte: from } }, { _id: 0, added: 0 })
        .sort({ appId: 1, hour: 1 })
        .maxTimeMS(5_000)
        .lean<HourSums[]>();
      // An hour without a cold start was never given a count of them.
      return found.map((sums) => ({ ...nothing(sums.appId, sums.hour), ...sums }));
    },
    readCounts: async (appIds, from) =>
      await model
        .find({ appId: { $in: [...appIds] }, hour: { $gte: from } }, { _id: 0, appId: 1, hour: 1, requests: 1, errors: 1 })
        .sort({ appId: 1, hour: 1 })
        .maxTimeMS(5_000)
        .lean<HourCounts[]>(),
    async close(now) {
      const [oldest] = await requests.find({}, { at: 1 }).sort({ at: 1 }).limit(1).lean<{ at: Date }[]>();
      if (oldest === undefined) return;
      const last = now.getTime() - lateMs - hourMs;
      const done = new Set((await closed.find({}, { _id: 1 }).lean<{ _id: Date }[]>()).map(({ _id }) => _id.getTime()));
      for (let hour = hourOf(oldest.at).getTime(); hour <= last; hour += hourMs) {
        if (done.has(hour)) continue;
        await rebuild(new Date(hour));
        await closed.updateOne({ _id: new Date(hour) }, {}, { upsert: true });
      }
      await closed.deleteMany({ _id: { $lt: hourOf(oldest.at) } });
    },
    removeAppData: async (appId) => void (await model.deleteMany({ appId })),
  };
}

/** What some requests add to each hour of each app. */
export function toSums(requests: readonly Summed[]): HourSums[] {
  const hours = new Map<string, HourSums & { latency: Record<string, number>; cold: Record<string, number> }>();
  for (const { appId, at, status, latencyMs, coldStartMs } of requests) {
    const hour = hourOf(new Date(at));
    const key = `${appId} ${hour.getTime()}`;
    const sums = hours.get(key) ?? { ...nothing(appId, hour), latency: {}, cold: {} };
    hours.set(key, sums);
    sums.requests += 1;
    if (status >= 500) sums.errors += 1;
    else if (status >= 400) sums.clientErrors += 1;
    sums.sumMs += latencyMs;
    count(sums.latency, latencyMs);
    if (coldStartMs === null) continue;
    sums.coldStarts += 1;
    sums.coldSumMs += coldStartMs;
    count(sums.cold, coldStartMs);
  }
  return [...hours.values()];
}

function count(histogram: Record<string, number>, ms: number): void {
  const step = stepOf(ms);
  histogram[step] = (histogram[step] ?? 0) + 1;
}

/** An hour in which nothing was asked. */
export const nothing = (appId: string, hour: Date): HourSums => ({
  ...{ appId, hour, requests: 0, errors: 0, clientErrors: 0, sumMs: 0, coldStarts: 0, coldSumMs: 0 },
  latency: {},
  cold: {},
});

interface Addition {
  filter: mongo.Filter<HourDocument>;
  update: mongo.UpdateFilter<HourDocument>;
}

/** Adds the sums, unless these very ones were added. */
function toAddition(id: Types.ObjectId, { appId, hour, latency, cold, ...counts }: HourSums): Addition {
  const steps = (name: string, histogram: Histogram) => Object.entries(histogram).map(([step, many]) => [`${name}.${step}`, many] as const);
  return {
    filter: { appId, hour, added: { $ne: id } },
    update: {
      $inc: { ...counts, ...Object.fromEntries([...steps("latency", latency), ...steps("cold", cold)]) },
      $push: { added: { $each: [id], $slice: -rememberedSums } },
    } as mongo.UpdateFilter<HourDocument>,
  };
}

const duplicateKey = 11_000;

/**
 * Adds the sums, making the hours that are not there; gives those that were refused because their hour is: it was made by somebody else
 * this moment, or has these very sums.
 */
async function makeMissing(collection: mongo.Collection<HourDocument>, additions: readonly Addition[]): Promise<Addition[]> {
  try {
    await collection.bulkWrite(
      additions.map((addition) => ({ updateOne: { ...addition, upsert: true } })),
      { ordered: false },
    );
    return [];
  } catch (error) {
    const refused = [(error as mongo.MongoBulkWriteError).writeErrors ?? []].flat();
    if (refused.length === 0 || refused.some(({ code }) => code !== duplicateKey)) throw error;
    return refused.map(({ index }) => additions[index]!);
  }
}

/** The sums of one hour over all apps, by the database. */
async function sumUp(requests: Model<RequestDocument>, hour: Date): Promise<HourSums[]> {
  type Row = { _id: { appId: string; latency: number; cold: number | null } } & Pick<
    HourSums,
    "requests" | "errors" | "clientErrors" | "sumMs" | "coldSumMs"
  >;
  const rows = await requests
    .aggregate<Row>([
      { $match: { at: { $gte: hour, $lt: new Date(hour.getTime() + hourMs) } } },
      {
        $group: {
          _id: {
            appId: "$appId",
            latency: stepExpression("$latencyMs"),
            cold: { $cond: [{ $eq: ["$coldStartMs", null] }, null, stepExpression("$coldStartMs")] },
          },
          requests: { $sum: 1 },
          errors: { $sum: { $cond: [{ $gte: ["$status", 500] }, 1, 0] } },
          clientErrors: { $sum: { $cond: [{ $and: [{ $gte: ["$status", 400] }, { $lt: ["$status", 500] }] }, 1, 0] } },
          sumMs: { $sum: "$latencyMs" },
          coldSumMs: { $sum: { $ifNull: ["$coldStartMs", 0] } },
        },
      },
    ])
    .option({ maxTimeMS: 120_000, allowDiskUse: true });
  const hours = new Map<string, HourSums & { latency: Record<string, number>; cold: Record<string, number> }>();
  for (const { _id: of, ...row } of rows) {
    const sums = hours.get(of.appId) ?? { ...nothing(of.appId, hour), latency: {}, cold: {} };
    hours.set(of.appId, sums);
    for (const name of ["requests", "errors", "clientErrors", "sumMs", "coldSumMs"] as const) sums[name] += row[name];
    sums.latency[of.latency] = (sums.latency[of.latency] ?? 0) + row.requests;
    if (of.cold === null) continue;
    sums.coldStarts += row.requests;
    sums.cold[of.cold] = (sums.cold[of.cold] ?? 0) + row.requests;
  }
  return [...hours.values()];
}
