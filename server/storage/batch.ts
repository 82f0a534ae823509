import type { mongo } from "mongoose";

/** How long a line or record waits for company; what a kill -9 may lose. */
const flushMs = 500;

export interface Batch<Item> {
  /** Takes an item without waiting. When too many wait already it is dropped, and counted. */
  add(item: Item): void;
  /** Writes what waits; resolves when it is written. */
  flush(): Promise<void>;
  readonly dropped: number;
}

/**
 * Collects items and writes them together, twice a second or when `most` wait. A write that fails keeps its items for the
 * next try, so that a database that is away for a minute costs nothing but memory, which `most` × 20 bounds.
 */
export function createBatch<Item>(write: (items: Item[]) => Promise<void>, most = 500): Batch<Item> {
  const limit = most * 20;
  let waiting: Item[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  const writeOut = async (): Promise<void> => {
    while (waiting.length > 0) {
      const items = waiting.slice(0, most);
      waiting = waiting.slice(items.length);
      try {
        await write(items);
      } catch {
        waiting = [...items, ...waiting].slice(0, limit);
        schedule();
        return;
      }
    }
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    await writing;
    writing = writeOut();
    await writing;
    writing = undefined;
  };
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, flushMs).unref();
  };
  return {
    add(item) {
      if (waiting.length >= limit) {
        dropped += 1;
        return;
      }
      waiting.push(item);
      if (waiting.length === most) void flush();
      else schedule();
    },
    flush,
    get dropped() {
      return dropped;
    },
  };
}

/**
 * Inserts documents that may have been inserted before, by their ids: a try whose answer was lost is tried again. One that the server
 * refuses for what it holds is left out, for it would be refused for ever; any other failure is thrown.
 */
export async function insertOnce<Item extends { _id: mongo.ObjectId }>(
  collection: Pick<mongo.Collection, "insertMany">,
  items: readonly Item[],
): Promise<void> {
  try {
    await collection.insertMany([...items], { ordered: false });
  } catch (error) {
    // By its name: several copies of the driver may be loaded. It wraps a lost connection in one too, without a refused document.
    const { name, writeErrors } = error as mongo.MongoBulkWriteError;
    if (name !== "MongoBulkWriteError" || [writeErrors ?? []].flat().length === 0) throw error;
  }
}
