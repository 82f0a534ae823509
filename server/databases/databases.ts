import { randomBytes } from "node:crypto";
import { Types } from "mongoose";
import { AppError } from "#core/contract/problem.ts";
import { createCopies, failpoint, type Storage, type Vault } from "#server/storage/index.ts";
import { isOwn } from "./copy-data.ts";
import type { DatabaseCredentials, Databases } from "./index.ts";
import { databaseModel, passwordContext, type DatabaseDocument } from "./models.ts";

type Found = DatabaseDocument & { _id: Types.ObjectId };

/**
 * SCRAM-SHA-256 makes each new connection compute 15,000 rounds, 9–20 ms in the way of the first query after a wake. The rounds
 * are for passwords that could be guessed; these are 24 random bytes (docs/adr/0010).
 */
const mechanisms = ["SCRAM-SHA-1"];

/** Databases whose credentials are kept in memory, about 0.5 KB each. */
const mostCopies = 10_000;
const copyBytes = 500;

/** Longest a figure about a user's database may take. */
const statsTimeMs = 3_000;

/** Makes the databases domain; its collections and indexes exist when this resolves. */
export async function createDatabases({ storage, vault }: { storage: Storage; vault: Vault }): Promise<Databases> {
  const model = databaseModel(storage.connection);
  await model.createCollection();
  await model.syncIndexes();

  const findOwn = async (ownerId: string, id: string): Promise<Found | null> =>
    Types.ObjectId.isValid(id) ? model.findOne({ _id: id, ownerId, draftOf: null }).lean<Found>() : null;
  const findDraft = (ownerId: string, databaseId: string): Promise<Found | null> =>
    model.findOne({ draftOf: databaseId, ownerId }).lean<Found>();
  /** Of a database that apps are bound to, or of a draft's. */
  const requirePhysicalName = async (ownerId: string, id: string): Promise<string> => {
    const found = Types.ObjectId.isValid(id) ? await model.findOne({ _id: id, ownerId }).lean<Found>() : null;
    if (!found) throw new AppError("not_found", "There is no such database.");
    return found.physicalName;
  };

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
    await model.updateOne({ _id: found._id }, { $set: { state: "ready", changedAt: new Date() } });
    return { ...found, state: "ready" };
  };

  const loadReady = async (databaseId: string): Promise<Found> => {
    const found = await model.findById(databaseId).lean<Found>();
    if (!found) throw new AppError("not_found", "The app's database is gone. Bind another in its settings.");
    return await finish(found);
  };
  const toCredentials = ({ physicalName, username, password }: Found): DatabaseCredentials => ({
    name: physicalName,
    username,
    password: vault.open(password, passwordContext(physicalName)),
  });
  // Copies stay sealed: deciphering one takes 20 µs, and what lies in memory for days is no readable secret.
  const copies = createCopies<Found>({
    model: model as never,
    storage,
    load: loadReady,
    sizeOf: () => copyBytes,
    most: mostCopies,
    mostBytes: mostCopies * copyBytes,
  });

  return {
    async ensureDefault(ownerId) {
      const existing = await model.findOne({ ownerId, default: true }).lean<Found>();
      const found = existing ?? (await recordDefault(ownerId));
      const ready = await finish(found);
      return { id: String(ready._id), name: ready.name };
    },
    async list(ownerId) {
      const all = await model.find({ ownerId, draftOf: null }).sort({ name: 1 }).limit(200).lean<Found[]>();
      return all.map((found) => ({ id: String(found._id), name: found.name, default: found.default }));
    },
    async find(ownerId, databaseId) {
      const found = await findOwn(ownerId, databaseId);
      return found && { id: String(found._id), name: found.name };
    },
    async findDraft(ownerId, databaseId) {
      const found = await findDraft(ownerId, databaseId);
      return found && { id: String(found._id), name: found.name };
    },
    async ensureDraft(ownerId, databaseId) {
      const of = await findOwn(ownerId, databaseId);
      if (!of) throw new AppError("not_found", "The app's database is gone. Bind another in its settings.");
      const draft = (await findDraft(ownerId, databaseId)) ?? (await recordDraft(of));
      const ready = await finish(draft);
      return { id: String(ready._id), name: ready.name };
    },
    async removeDraft(databaseId) {
      const found = await model.findOne({ _id: databaseId, draftOf: { $ne: null } }).lean<Found>();
      if (!found) return;
      const target = storage.client.db(found.physicalName);
      await target.command({ dropUser: found.username }).catch((error: unknown) => {
        if (!isUnknownUser(error)) throw error;
      });
      await target.dropDatabase();
      await model.deleteOne({ _id: found._id });
      copies.forget(databaseId);
    },
    async usedBytes(ownerId) {
      const all = await model.find({ ownerId }, { physicalName: 1 }).lean<Pick<Found, "_id" | "physicalName">[]>();
      const sizes = await Promise.all(all.map(({ physicalName }) => readSize(storage, physicalName)));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    async sizeBytes(ownerId, databaseId) {
      return readSize(storage, await requirePhysicalName(ownerId, databaseId));
    },
    async stats(ownerId, databaseId) {
      return readStats(storage, await requirePhysicalName(ownerId, databaseId));
    },
    async credentials(databaseId) {
      return toCredentials(await loadReady(databaseId));
    },
    async recallCredentials(databaseId) {
      const copy = await copies.get(databaseId);
      try {
        return toCredentials(copy);
      } catch {
        // Sealed anew and its old key gone, and we have not heard of it yet.
        copies.forget(databaseId);
        return toCredentials(await copies.get(databaseId));
      }
    },
    keepCopies: copies.start,
  };

  async function recordDefault(ownerId: string): Promise<Found> {
    try {
      return await recordNew({ ownerId, name: "main", physicalName: `user_${ownerId}`, default: true });
    } catch (error) {
      // Two apps made at once: the other one's record is as good.
      const other = await model.findOne({ ownerId, default: true }).lean<Found>();
      if (other) return other;
      throw error;
    }
  }

  async function recordDraft({ _id, ownerId, name, physicalName }: Found): Promise<Found> {
    const draft = { ownerId, physicalName: `${physicalName}_draft`, default: false, draftOf: String(_id) };
    try {
      return await recordNew({ ...draft, name: `${name}_draft` });
    } catch (error) {
      const other = await findDraft(ownerId, String(_id));
      if (other) return other;
      // The owner has one of that name, which is no draft's.
      if ((error as { code?: unknown }).code !== 11_000) throw error;
      return await recordNew({ ...draft, name: `${name}_draft_${randomBytes(3).toString("hex")}` });
    }
  }

  async function recordNew(
    fields: Pick<DatabaseDocument, "ownerId" | "name" | "physicalName" | "default"> & { draftOf?: string },
  ): Promise<Found> {
    storage.requireRoom();
    const now = new Date();
    const created = await model.create({
      ...fields,
      username: fields.physicalName,
      password: vault.seal(randomBytes(24).toString("base64url"), passwordContext(fields.physicalName)),
      state: "creating",
      createdAt: now,
      changedAt: now,
    });
    failpoint("database-recorded");
    return created.toObject() as Found;
  }
}

const isDuplicateUser = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 51_003 || /already exists/i.test(String((error as Error).message));

const isUnknownUser = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 11 || /not found/i.test(String((error as Error).message));

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
  return { sizeBytes: await readSize(storage, physicalName), collections };
}

async function readSize(storage: Storage, physicalName: string): Promise<number> {
  const stats = await storage.client.db(physicalName).command({ dbStats: 1 }, { maxTimeMS: statsTimeMs } as never);
  return Number(stats["dataSize"] ?? 0) + Number(stats["indexSize"] ?? 0);
}
