import { Schema, type Connection, type InferSchemaType, type Model, type Types } from "mongoose";

const templateSchema = new Schema(
  {
    /** A built-in one's name, which is its id to the outside. */
    key: { type: String, default: null },
    /** Null: global. */
    ownerId: { type: String, default: null },
    /** Who finds it, in one word for the index: the owner's id, `global`, `global-hidden`, or `deleted` (a built-in one, so that it stays away). */
    audience: { type: String, required: true },
    name: { type: String, required: true },
    description: { type: String, default: "" },
    complexity: { type: String, enum: ["beginner", "intermediate", "advanced"], required: true },
    tags: { type: [String], required: true },
    framework: { type: String, enum: ["fastapi", "fasthtml", "asgi", null], default: null },
    database: { type: Boolean, required: true },
    entrypoint: { type: String, required: true },
    hash: { type: String, required: true },
    hidden: { type: Boolean, default: false },
    /** Digest of the file that a built-in one was last written from. */
    shipped: { type: String, default: null },
    /** An administrator changed a built-in one: upgrades leave it alone. */
    edited: { type: Boolean, default: false },
    /** Sorts lists, newest first. Those of built-in ones lie in a far future, so that they come first, in their own order. */
    rankedAt: { type: Date, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
  { collection: "templates", versionKey: false, strict: "throw" },
)
  .index({ audience: 1, rankedAt: -1, _id: -1 })
  .index({ rankedAt: -1, _id: -1 })
  .index({ hash: 1 });

export type TemplateDocument = InferSchemaType<typeof templateSchema>;
export type TemplateRecord = TemplateDocument & { _id: Types.ObjectId };

export const templateModel = (connection: Connection): Model<TemplateDocument> =>
  connection.model<TemplateDocument>("Template", templateSchema);
