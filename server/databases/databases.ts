import { randomBytes } from "node:crypto";
import { Types } from "mongoose";
import { AppError } from "#core/contract/problem.ts";
import { failpoint, type Storage, type Vault } from "#server/storage/index.ts";
import type { Databases } from "./index.ts";
import { databaseModel, passwordContext, type DatabaseDocument } from "./models.ts";

type Found = DatabaseDocument & { _id: Types.ObjectId };

/** Collections that the platform keeps in a user's database; not shown and not counted. */
const isOwn = (name: string): boolean => !name.startsWith("_platform_") && !name.startsWith("system.");

/**
 * SCRAM-SHA-256 makes each new connection compute 15,000 rounds, 9–20 ms in the way of the first query after a wake. The rounds
 * are for passwords that could be guessed; these are 24 random bytes (docs/adr/0010).
 */
const mechanisms = ["SCRAM-SHA-1"];

/** Longest a figure about a user's database may take. */
const statsTimeMs = 3_000;

/** Makes the databases domain; its collections and indexes exist when this resolves. */
export async function createDatabases({ storage, vault }: { storage: Storage; vault: Vault }): Promise<Databases> {
  const model = databaseModel(storage.connection);
  await model.createCollection();
  await model.syncIndexes();

  const findOwn = async (ownerId: string, id: string): Promise<Found | null> =>
    Types.ObjectId.isValid(id) ? model.findOne({ _id: id, ownerId }).lean<Found>() : null;

  /** Makes the MongoDB user of a database whose making was begun; may be repeated, by several at once. */
  const finish = async (found: Found): Promise<Found> => {
    if (found.state === "ready") return found;
    const target = storage.client.db(found.physicalName);
    const password = vault.open(found.password, passwordContext(found.physicalName));
    const roles = [{ role: "readWrite", db: found.physicalName }];
    try {
      await target.command({ createUser: found.username, pwd: password, roles, mechanisms });
    } catch (error) {
      if (!isDuplicateUser(error)) throw error;
    }
    await model.updateOne({ _id: found._id }, { $set: { state: "ready" } });
    return { ...found, state: "ready" };
  };

  return {
    async ensureDefault(ownerId) {
      const existing = await model.findOne({ ownerId, default: true }).lean<Found>();
      const found = existing ?? (await recordDefault(ownerId));
      const ready = await finish(found);
      return { id: String(ready._id), name: ready.name };
    },
    async list(ownerId) {
      const all = await model.find({ ownerId }).sort({ name: 1 }).limit(200).lean<Found[]>();
      return all.map((found) => ({ id: String(found._id), name: found.name, default: found.default }));
    },
    async find(ownerId, databaseId) {
      const found = await findOwn(ownerId, databaseId);
      return found && { id: String(found._id), name: found.name };
    },
    async stats(ownerId, databaseId) {
      const found = await findOwn(ownerId, databaseId);
      if (!found) throw new AppError("not_found", "There is no such database.");
      return readStats(storage, found.physicalName);
    },
    async credentials(databaseId) {
      const found = await model.findById(databaseId).lean<Found>();
      if (!found) throw new AppError("not_found", "The app's database is gone. Bind another in its settings.");
      const ready = await finish(found);
      return {
        name: ready.physicalName,
        username: ready.username,
        password: vault.open(ready.password, passwordContext(ready.physicalName)),
      };
    },
  };

  async function recordDefault(ownerId: string): Promise<Found> {
    const physicalName = `user_${ownerId}`;
    const username = physicalName;
    try {
      const created = await model.create({
        ownerId,
        name: "main",
        physicalName,
        default: true,
        username,
        password: vault.seal(randomBytes(24).toString("base64url"), passwordContext(physicalName)),
        state: "creating",
        createdAt: new Date(),
      });
      failpoint("database-recorded");
      return created.toObject() as Found;
    } catch (error) {
      // Two apps made at once: the other one's record is as good.
      const other = await model.findOne({ ownerId, default: true }).lean<Found>();
      if (other) return other;
      throw error;
    }
  }
}

const isDuplicateUser = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 51_003 || /already exists/i.test(String((error as Error).message));

async function readStats(
  storage: Storage,
  physicalName: string,
): Promise<{ sizeBytes: number; collections: { name: string; documents: number }[] }> {
  const database = storage.client.db(physicalName);
  const names = (await database.listCollections({}, { nameOnly: true, maxTimeMS: statsTimeMs }).toArray()).map(
    (collection) => collection.name,
  );
  const collections = await Promise.all(
    names
      .filter(isOwn)
      .sort()
      .slice(0, 200)
      .map(async (name) => ({ name, documents: await database.collection(name).estimatedDocumentCount({ maxTimeMS: statsTimeMs }) })),
  );
  const stats = await database.command({ dbStats: 1 }, { maxTimeMS: statsTimeMs } as never);
  return { sizeBytes: Number(stats["dataSize"] ?? 0) + Number(stats["indexSize"] ?? 0), collections };
}
