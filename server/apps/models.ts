import { Schema, type Connection, type InferSchemaType, type Model, type Types } from "mongoose";

const appSchema = new Schema(
  {
    ownerId: { type: String, required: true },
    slug: { type: String, required: true },
    name: { type: String, required: true },
    description: { type: String, default: "" },
    entrypoint: { type: String, required: true },
    framework: { type: String, enum: ["fastapi", "fasthtml", "asgi"], default: null },
    draft: {
      type: new Schema({ hash: { type: String, required: true }, updatedAt: { type: Date, required: true } }, { _id: false }),
      required: true,
    },
    /** The version that its host serves, and the deployment that made it live: writing this is the one moment a deployment takes effect. */
    live: {
      type: new Schema(
        {
          version: { type: Number, required: true },
          hash: { type: String, required: true },
          deploymentId: { type: String, required: true },
          updatedAt: { type: Date, required: true },
        },
        { _id: false },
      ),
      default: null,
    },
    versionCounter: { type: Number, required: true, default: 0 },
    status: { type: String, enum: ["running", "sleeping", "deploying", "error", "stopped"], required: true },
    statusReason: { type: String, default: null },
    lastDeployment: {
      type: new Schema(
        { id: { type: String, required: true }, state: { type: String, enum: ["running", "succeeded", "failed"], required: true } },
        { _id: false },
      ),
      default: null,
    },
    databaseId: { type: String, default: null },
    sleepAfterMinutes: { type: Number, required: true },
    /** Every account may read its files and make a copy of its own. */
    shared: { type: Boolean, default: false },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    /** Moves with every write that gateways must hear of, where the server has no change streams. */
    changedAt: { type: Date, required: true },
    /** Counts those writes: of two copies of this document the higher one is the newer, in whichever order they came. */
    revision: { type: Number, default: 0 },
    lastRequestAt: { type: Date, default: null },
    /** When an instance last began to answer: its idle time begins then, also when nobody asks. */
    wokenAt: { type: Date, default: null },
    /** The app whose draft this one serves: such an app is its owner's alone, in no list, and goes with the app. */
    draftOf: { type: String, default: null },
    /** The app's own port, once it was given one (`APPS_ADDRESSING=port`). */
    port: { type: Number, default: null },
    /** Set when its deletion began; such an app is seen by nobody, and the reconciler ends what a crash left. */
    deletedAt: { type: Date, default: null },
  },
  { collection: "apps", versionKey: false, strict: "throw" },
)
  .index({ slug: 1 }, { unique: true })
  .index({ ownerId: 1, deletedAt: 1, updatedAt: -1, _id: -1 })
  .index({ ownerId: 1, deletedAt: 1, status: 1, updatedAt: -1, _id: -1 })
  .index({ deletedAt: 1 })
  .index({ draftOf: 1 }, { unique: true, partialFilterExpression: { draftOf: { $type: "string" } } })
  .index({ changedAt: 1 });

const bundleSchema = new Schema(
  {
    _id: { type: String, required: true },
    /** A list, since paths have dots that a document's keys should not. */
    files: [{ type: new Schema({ path: { type: String, required: true }, text: String, base64: String }, { _id: false }) }],
    createdAt: { type: Date, required: true },
    /** Moves whenever something points to the bundle anew: what is unused for a while and pointed to by nothing is removed. */
    usedAt: { type: Date, required: true },
  },
  { collection: "bundles", versionKey: false, strict: "throw" },
).index({ usedAt: 1 });

const sealed = new Schema(
  { keyId: { type: String, required: true }, wrappedKey: { type: String, required: true }, data: { type: String, required: true } },
  { _id: false },
);

const envSchema = new Schema(
  {
    /** The app's id. */
    _id: { type: String, required: true },
    vars: [
      {
        type: new Schema(
          { name: { type: String, required: true }, secret: { type: Boolean, required: true }, value: { type: sealed, required: true } },
          { _id: false },
        ),
      },
    ],
    updatedAt: { type: Date, required: true },
    /** Moves with every write that holders of copies must hear of, where the server has no change streams. */
    changedAt: { type: Date },
  },
  { collection: "secrets", versionKey: false, strict: "throw" },
).index({ changedAt: 1 });

export type AppDocument = InferSchemaType<typeof appSchema>;
export type AppRecord = AppDocument & { _id: Types.ObjectId };
export type BundleDocument = InferSchemaType<typeof bundleSchema>;
export type EnvDocument = InferSchemaType<typeof envSchema>;

export interface AppModels {
  app: Model<AppDocument>;
  bundle: Model<BundleDocument>;
  env: Model<EnvDocument>;
}

export const appModels = (connection: Connection): AppModels => ({
  app: connection.model<AppDocument>("App", appSchema),
  bundle: connection.model<BundleDocument>("Bundle", bundleSchema),
  env: connection.model<EnvDocument>("Env", envSchema),
});
