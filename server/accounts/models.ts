import { Schema, type Connection, type InferSchemaType, type Model } from "mongoose";

const scopes = ["read", "run", "change", "admin"] as const;

const tokenSchema = new Schema(
  {
    userId: { type: String, required: true },
    name: { type: String, required: true },
    /** SHA-256 of the token, base64url: the token itself is shown once and kept nowhere. */
    hash: { type: String, required: true },
    scopes: { type: [{ type: String, enum: scopes, required: true }], required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, default: null },
  },
  { collection: "apikeys", versionKey: false, strict: "throw" },
)
  .index({ hash: 1 }, { unique: true })
  .index({ userId: 1, createdAt: -1 })
  .index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export type TokenDocument = InferSchemaType<typeof tokenSchema>;

export const tokenModel = (connection: Connection): Model<TokenDocument> => connection.model<TokenDocument>("Token", tokenSchema);

/** better-auth writes these itself and declares no index: without the unique one, sign-ups at once make several users of one address. */
const authIndexes = {
  users: [{ key: { email: 1 }, unique: true }],
  sessions: [{ key: { token: 1 }, unique: true }, { key: { userId: 1 } }, { key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
  accounts: [{ key: { userId: 1 } }, { key: { providerId: 1, accountId: 1 } }],
  verifications: [{ key: { identifier: 1 } }, { key: { expiresAt: 1 }, expireAfterSeconds: 0 }],
  settings: [],
} as const;

/** Two processes that start at once on a new database. */
function ignoreExisting(error: unknown): void {
  if ((error as { code?: unknown }).code !== 48) throw error;
}

/** Makes better-auth's collections and indexes, before the first sign-up: made within it, sign-ups at once fail. */
export async function prepareAuthCollections(connection: Connection): Promise<void> {
  const database = connection.db!;
  const existing = new Set((await database.listCollections({}, { nameOnly: true }).toArray()).map((collection) => collection.name));
  for (const [name, indexes] of Object.entries(authIndexes)) {
    if (!existing.has(name)) await database.createCollection(name).catch(ignoreExisting);
    for (const { key, ...options } of indexes) await database.collection(name).createIndex(key, options);
  }
}
