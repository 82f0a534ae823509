import { Schema, type Connection, type InferSchemaType, type Model } from "mongoose";

/** One document for each group of settings, in the collection where the claim of the first account stands too. */
const egressSchema = new Schema(
  {
    _id: { type: String, required: true },
    domains: { type: [String], required: true },
    ports: { type: [Number], required: true },
    changedAt: { type: Date, required: true },
  },
  { collection: "settings", versionKey: false, strict: "throw" },
);

export type EgressDocument = InferSchemaType<typeof egressSchema>;
export const egressModel = (connection: Connection): Model<EgressDocument> =>
  connection.model<EgressDocument>("EgressSettings", egressSchema);

const importsSchema = new Schema(
  {
    _id: { type: String, required: true },
    imports: { type: [String], required: true },
    changedAt: { type: Date, required: true },
  },
  { collection: "settings", versionKey: false, strict: "throw" },
);

export type ImportsDocument = InferSchemaType<typeof importsSchema>;
export const importsModel = (connection: Connection): Model<ImportsDocument> =>
  connection.model<ImportsDocument>("ImportSettings", importsSchema);
