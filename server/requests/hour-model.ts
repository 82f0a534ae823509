import { Schema, type Connection, type Model } from "mongoose";
import { retention } from "#core/limits.ts";
import type { Histogram } from "./histogram.ts";

/** What an app answered in one hour. */
export interface HourDocument {
  appId: string;
  /** When it began. */
  hour: Date;
  requests: number;
  /** Answered with 5xx. */
  errors: number;
  /** Answered with 4xx. */
  clientErrors: number;
  sumMs: number;
  latency: Histogram;
  coldStarts: number;
  coldSumMs: number;
  cold: Histogram;
  /** The last sums that were added, so that none is added twice. */
  added: readonly unknown[];
}

const count = { type: Number, default: 0 };
const hourSchema = new Schema<HourDocument>(
  {
    appId: { type: String, required: true },
    hour: { type: Date, required: true },
    requests: count,
    errors: count,
    clientErrors: count,
    sumMs: count,
    latency: { type: Schema.Types.Mixed, default: {} },
    coldStarts: count,
    coldSumMs: count,
    cold: { type: Schema.Types.Mixed, default: {} },
    added: [Schema.Types.ObjectId],
  },
  // `errors` is also a name of mongoose's documents, which are not made of these.
  { collection: "request_hours", versionKey: false, minimize: false, suppressReservedKeysWarning: true },
)
  .index({ appId: 1, hour: 1 }, { unique: true })
  .index({ hour: 1 }, { expireAfterSeconds: retention.metricDays * 86_400 });

export const hourModel = (connection: Connection): Model<HourDocument> => connection.model<HourDocument>("RequestHour", hourSchema);

/** An hour whose sums were made anew from the requests themselves, and stand. */
export interface ClosedHourDocument {
  _id: Date;
}
const closedSchema = new Schema<ClosedHourDocument>({ _id: Date }, { collection: "request_hours_closed", versionKey: false });

export const closedHourModel = (connection: Connection): Model<ClosedHourDocument> =>
  connection.model<ClosedHourDocument>("ClosedRequestHour", closedSchema);
