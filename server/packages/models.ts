import { Schema, type Connection, type InferSchemaType, type Model, type Types } from "mongoose";

const importRequestSchema = new Schema(
  {
    userId: { type: String, required: true },
    import: { type: String, required: true },
    appId: { type: String, required: true },
    appName: { type: String, required: true },
    state: { type: String, enum: ["open", "allowed", "declined"], required: true },
    askedAt: { type: Date, required: true },
    decidedAt: { type: Date, default: null },
    /** The administrator who decided. */
    decidedBy: { type: String, default: null },
  },
  { collection: "import_requests", versionKey: false, strict: "throw" },
);
// One per user and import, for good.
importRequestSchema.index({ userId: 1, import: 1 }, { unique: true });
importRequestSchema.index({ userId: 1, askedAt: -1, _id: -1 });
importRequestSchema.index({ state: 1, askedAt: -1, _id: -1 });
importRequestSchema.index({ import: 1, state: 1 });

export type ImportRequestRecord = InferSchemaType<typeof importRequestSchema> & { _id: Types.ObjectId };
export const importRequestModel = (connection: Connection): Model<ImportRequestRecord> =>
  connection.model<ImportRequestRecord>("ImportRequest", importRequestSchema);
