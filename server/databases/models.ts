import { Schema, type Connection, type InferSchemaType, type Model } from "mongoose";

const sealed = {
  keyId: { type: String, required: true },
  wrappedKey: { type: String, required: true },
  data: { type: String, required: true },
};

const databaseSchema = new Schema(
  {
    ownerId: { type: String, required: true },
    /** What the owner calls it; unique per owner. */
    name: { type: String, required: true },
    /** Its name on the server. */
    physicalName: { type: String, required: true },
    /** Which MongoDB holds it; one server troubles above about 100,000 collections. */
    cluster: { type: String, required: true, default: "main" },
    default: { type: Boolean, required: true },
    /** The database for whose drafts this one stands in: nothing live is bound to it. */
    draftOf: { type: String, default: null },
    username: { type: String, required: true },
    password: { type: sealed, required: true, _id: false },
    /** `creating` until its MongoDB user exists: who finds it so makes that user. */
    state: { type: String, enum: ["creating", "ready"], required: true },
    createdAt: { type: Date, required: true },
    /** Moves with every write that holders of copies must hear of, where the server has no change streams. */
    changedAt: { type: Date },
  },
  { collection: "databases", versionKey: false, strict: "throw" },
)
  .index({ changedAt: 1 })
  .index({ ownerId: 1, name: 1 }, { unique: true })
  .index({ ownerId: 1 }, { unique: true, partialFilterExpression: { default: true }, name: "one_default" })
  .index({ physicalName: 1 }, { unique: true })
  .index({ draftOf: 1 }, { unique: true, partialFilterExpression: { draftOf: { $type: "string" } }, name: "one_draft" });

export type DatabaseDocument = InferSchemaType<typeof databaseSchema>;
export const databaseModel = (connection: Connection): Model<DatabaseDocument> =>
  connection.model<DatabaseDocument>("Database", databaseSchema);

/** What a database's password is sealed for. */
export const passwordContext = (physicalName: string): string => `database/${physicalName}`;
