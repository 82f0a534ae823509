import { Schema, type Connection, type InferSchemaType, type Model } from "mongoose";
import { retention } from "#core/limits.ts";

const requestSchema = new Schema(
  {
    /** The request id that the gateway gave, also in the runner's records and the app's headers. */
    requestId: { type: String, required: true },
    appId: { type: String, required: true },
    at: { type: Date, required: true },
    method: { type: String, required: true },
    path: { type: String, required: true },
    queryNames: [String],
    status: { type: Number, required: true },
    latencyMs: { type: Number, required: true },
    coldStartMs: { type: Number, default: null },
    bytesIn: { type: Number, required: true },
    bytesOut: { type: Number, required: true },
    version: { type: Number, required: true },
    instanceId: { type: String, default: null },
    hx: { type: Schema.Types.Mixed },
    aborted: { type: String, enum: ["client", "app"] },
    answeredBy: { type: String, enum: ["app", "gateway"], required: true },
    /** The runner's half, where the app has no database for it to lie in. */
    error: { type: Schema.Types.Mixed },
  },
  { collection: "requests", versionKey: false, strict: "throw", minimize: true },
)
  .index({ appId: 1, at: -1, _id: -1 })
  .index({ appId: 1, requestId: 1 })
  .index({ at: 1 }, { expireAfterSeconds: retention.requestDays * 86_400 });

export type RequestDocument = InferSchemaType<typeof requestSchema>;
export const requestModel = (connection: Connection): Model<RequestDocument> => connection.model<RequestDocument>("Request", requestSchema);
