import { setTimeout as delay } from "node:timers/promises";
import type { mongo } from "mongoose";

type Db = mongo.Db;

/** Documents read at once: few enough to be a small part of a server's memory, enough that the round trips are not what takes the time. */
const batchDocuments = 500;
const batchBytes = 2_000_000;
/** Every type comes out as it went in: no Long becomes a number, no Int32 a Double, no Binary a Buffer. */
const exact = { promoteLongs: false, promoteValues: false, promoteBuffers: false, bsonRegExp: true } as const;

/** Collections of the platform and of the server: they are not the owner's data. */
export const isOwn = (name: string): boolean => !name.startsWith("_platform_") && !name.startsWith("system.");

export interface CopyProgress {
  documents: number;
  collection: string;
}

/** Removes all that an owner has put into `database`. */
export async function emptyDatabase(database: Db): Promise<void> {
  const found = await database.listCollections({}, { nameOnly: true }).toArray();
  for (const { name } of found.filter(({ name }) => isOwn(name))) await database.dropCollection(name);
}

/** How many documents `copyData` will copy, about. */
export async function countDocuments(database: Db): Promise<number> {
  const found = await database.listCollections({ type: "collection" }, { nameOnly: true }).toArray();
  const counts = await Promise.all(
    found.filter(({ name }) => isOwn(name)).map(({ name }) => database.collection(name).estimatedDocumentCount()),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Copies an owner's collections from one database into an empty other: options, documents, indexes, then views. The server works for it half of
 * the time at most, so that who reads `from` meanwhile waits no longer than for another reader. `onBatch` hears of each batch and may throw to end it.
 */
export async function copyData(from: Db, to: Db, onBatch: (progress: CopyProgress) => Promise<void>, signal: AbortSignal): Promise<void> {
  const found = (await from.listCollections({}, { nameOnly: false }).toArray()).filter(({ name }) => isOwn(name));
  const progress = { documents: 0, collection: "" };
  for (const { name, options } of found.filter(({ type }) => type !== "view")) {
    progress.collection = name;
    await to.createCollection(name, (options ?? {}) as mongo.CreateCollectionOptions);
    await copyDocuments(from.collection(name), to.collection(name), progress, onBatch, signal);
    await copyIndexes(from.collection(name), to.collection(name));
  }
  for (const { name, options } of found.filter(({ type }) => type === "view"))
    await to.createCollection(name, options as mongo.CreateCollectionOptions);
}

async function copyDocuments(
  from: mongo.Collection,
  to: mongo.Collection,
  progress: CopyProgress,
  onBatch: (progress: CopyProgress) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const cursor = from.find({}, { batchSize: batchDocuments, ...exact });
  try {
    for (;;) {
      const startedAt = performance.now();
      if (!(await cursor.hasNext())) return;
      // What one answer of the server held: it is read with no further question.
      for (const batch of inPieces(cursor.readBufferedDocuments())) {
        await to.insertMany(batch, { ordered: false });
        progress.documents += batch.length;
      }
      await onBatch(progress);
      await delay(performance.now() - startedAt, undefined, { signal });
    }
  } finally {
    await cursor.close();
  }
}

/** An answer may hold 16 MB, which one insert of them should not: the copy has to be small in our memory too. */
function* inPieces(documents: mongo.Document[]): Generator<mongo.Document[]> {
  const pieces = Math.max(1, Math.ceil((documents.length * averageBytes(documents)) / batchBytes));
  const size = Math.ceil(documents.length / pieces);
  for (let at = 0; at < documents.length; at += size) yield documents.slice(at, at + size);
}

function averageBytes(documents: mongo.Document[]): number {
  const sample = documents.slice(0, 10);
  return sample.reduce((sum, document) => sum + JSON.stringify(document).length, 0) / Math.max(1, sample.length);
}

async function copyIndexes(from: mongo.Collection, to: mongo.Collection): Promise<void> {
  const indexes = (await from.listIndexes().toArray()).filter(({ name }) => name !== "_id_");
  const descriptions = indexes.map(({ v: _version, ns: _namespace, ...index }) => index as mongo.IndexDescription);
  if (descriptions.length > 0) await to.createIndexes(descriptions);
}
