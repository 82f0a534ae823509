import { EventEmitter, on } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Types, type Model } from "mongoose";
import { whileNeeded } from "#server/storage/index.ts";
import type { LogDocument } from "./models.ts";

type Line = LogDocument & { _id: Types.ObjectId };

/** How often lines are asked for where the server has no change streams, and how long a stream that broke is left alone. */
const pollMs = 500;
/** Processes write in batches and their clocks differ: a line with an older id may come after a newer one by so much. */
const overlapMs = 5_000;

export interface Tail {
  /** The lines of one app that any process writes from now on. Ends when `signal` aborts. */
  follow(appId: string, signal: AbortSignal): AsyncIterable<Line>;
}

/** Lines as they come into the database: one look at it for all who follow in this process, and none while nobody does. */
export function createTail(model: Model<LogDocument>, replicated: boolean): Tail {
  const lines = new EventEmitter().setMaxListeners(0);
  const emit = (line: Line): void => void lines.emit(line.appId, line);
  const enter = whileNeeded(
    (signal) => void (replicated ? followStream(model, signal, emit) : poll(model, signal, () => lines.eventNames(), emit)),
  );
  return {
    async *follow(appId, signal) {
      const leave = enter();
      try {
        for await (const [line] of on(lines, appId, { signal }) as AsyncIterable<[Line]>) yield line;
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        leave();
      }
    },
  };
}

async function followStream(model: Model<LogDocument>, signal: AbortSignal, emit: (line: Line) => void): Promise<void> {
  let after: object | undefined;
  while (!signal.aborted) {
    const from = after;
    const stream = model.collection.watch([{ $match: { operationType: "insert" } }], {
      maxAwaitTimeMS: 1_000,
      ...(after ? { resumeAfter: after } : {}),
    });
    const stop = (): void => void stream.close().catch(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const change of stream) {
        after = change._id as object;
        if (change.operationType === "insert") emit(change.fullDocument as unknown as Line);
      }
    } catch {
      // The database is away: it goes on where it was, or from now on where the server does not know that place any more.
      if (from === after) after = undefined;
    } finally {
      signal.removeEventListener("abort", stop);
      await stream.close().catch(() => undefined);
    }
    await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function poll(
  model: Model<LogDocument>,
  signal: AbortSignal,
  followed: () => (string | symbol)[],
  emit: (line: Line) => void,
): Promise<void> {
  let seen = new Set<string>();
  /** Apps that were followed at the last look: of a new one the lines that are there already are not news. */
  let known = new Set<string>();
  const look = async (): Promise<void> => {
    const apps = followed().map(String);
    const since = Types.ObjectId.createFromTime(Math.floor((Date.now() - overlapMs) / 1_000));
    const found = await model
      .find({ appId: { $in: apps }, _id: { $gte: since } })
      .sort({ _id: 1 })
      .lean<Line[]>();
    for (const line of found) if (known.has(line.appId) && !seen.has(String(line._id))) emit(line);
    seen = new Set(found.map(({ _id }) => String(_id)));
    known = new Set(apps);
  };
  while (!signal.aborted) {
    await look().catch(() => undefined);
    await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
