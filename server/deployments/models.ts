import { Schema, type Connection, type InferSchemaType, type Model, type Types } from "mongoose";
import { retention } from "#core/limits.ts";

const eventSchema = new Schema(
  {
    at: { type: Date, required: true },
    stage: { type: String, enum: ["validating", "checking", "creating", "starting", "ready"], required: true },
    status: { type: String, enum: ["started", "succeeded", "failed"], required: true },
    message: { type: String, default: "" },
    elapsedMs: { type: Number, required: true },
  },
  { _id: false },
);

const deploymentSchema = new Schema(
  {
    appId: { type: String, required: true },
    /** Whose app it is, and so who may see it. */
    ownerId: { type: String, required: true },
    authorId: { type: String, required: true },
    kind: { type: String, enum: ["deploy", "rollback", "draft"], required: true },
    source: { type: String, enum: ["browser", "cli", "api", "assistant", "mcp"], required: true },
    message: { type: String, default: "" },
    hash: { type: String, required: true },
    /** The number it makes live again (rollback, restart), or got when it succeeded. */
    version: { type: Number, default: null },
    state: { type: String, enum: ["running", "succeeded", "failed"], required: true },
    events: [eventSchema],
    problems: { type: [Schema.Types.Mixed], default: [] },
    error: { type: String, default: null },
    traceback: { type: String, default: null },
    createdAt: { type: Date, required: true },
    finishedAt: { type: Date, default: null },
  },
  { collection: "deployments", versionKey: false, strict: "throw" },
)
  .index({ appId: 1, createdAt: -1, _id: -1 })
  .index({ state: 1, createdAt: 1 })
  .index({ createdAt: 1 }, { expireAfterSeconds: retention.deploymentDays * 86_400 });

const versionSchema = new Schema(
  {
    appId: { type: String, required: true },
    number: { type: Number, required: true },
    hash: { type: String, required: true },
    authorId: { type: String, required: true },
    message: { type: String, default: "" },
    deploymentId: { type: String, required: true },
    framework: { type: String, default: null },
    createdAt: { type: Date, required: true },
  },
  { collection: "versions", versionKey: false, strict: "throw" },
)
  .index({ appId: 1, number: -1 }, { unique: true })
  .index({ hash: 1 });

export type DeploymentDocument = InferSchemaType<typeof deploymentSchema>;
export type DeploymentRecord = DeploymentDocument & { _id: Types.ObjectId };
export type VersionDocument = InferSchemaType<typeof versionSchema>;

export interface DeploymentModels {
  deployment: Model<DeploymentDocument>;
  version: Model<VersionDocument>;
}
export const deploymentModels = (connection: Connection): DeploymentModels => ({
  deployment: connection.model<DeploymentDocument>("Deployment", deploymentSchema),
  version: connection.model<VersionDocument>("Version", versionSchema),
});
