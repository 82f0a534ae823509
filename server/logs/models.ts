import { Schema, type Connection, type InferSchemaType, type Model } from "mongoose";
import { retention } from "#core/limits.ts";

const logSchema = new Schema(
  {
    appId: { type: String, required: true },
    at: { type: Date, required: true },
    stream: { type: String, enum: ["stdout", "stderr", "platform"], required: true },
    text: { type: String, default: "" },
    instanceId: { type: String, required: true },
  },
  { collection: "logs", versionKey: false, strict: "throw" },
)
  // `_id` is made in the order of arrival: it is the order of lines, also within a millisecond.
  .index({ appId: 1, _id: -1 })
  .index({ at: 1 }, { expireAfterSeconds: retention.logDays * 86_400 });

export type LogDocument = InferSchemaType<typeof logSchema>;
export const logModel = (connection: Connection): Model<LogDocument> => connection.model<LogDocument>("Log", logSchema);
