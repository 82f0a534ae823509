import type { Model } from "mongoose";
import { setTimeout as delay } from "node:timers/promises";

/** How a collection without change streams is looked over; the delay another process's change takes to be seen. */
const pollMs = 1_000;
/** Clocks of writers differ, and a write may take its time after it was dated: polls overlap by so much. A repeated call is harmless. */
const overlapMs = 2_000;

export interface WatchOptions {
  replicated: boolean;
  /** A field that moves with every update that matters; others are not told of. A date would not do: two may fall into one millisecond. */
  marker?: string;
  signal: AbortSignal;
  onChange: (id: string) => void | Promise<void>;
  /** From now on changes are heard; what was read before may be old. Also after each interruption. */
  onHearing: () => void | Promise<void>;
  /** Changes are not heard any more, until the next `onHearing`. */
  onDeaf?: () => void;
}

/**
 * Calls `onChange` with the id of every document of `model` that is written or deleted, by whichever process, until `signal` aborts.
 * A change stream where the server has them; otherwise documents whose `changedAt` moved are polled (a deletion is then
 * seen as the write that marked the document before it). Calls may repeat; none is lost, since each time that it begins to hear,
 * and only then, `onHearing` asks the caller to read everything anew.
 */
export async function watchCollection(model: Model<never>, options: WatchOptions): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    try {
      await (options.replicated ? followStream(model, options) : pollChanges(model, options));
    } catch {
      // The database is away: the driver reconnects, and what was missed is read anew.
    }
    options.onDeaf?.();
    await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function followStream(model: Model<never>, { marker, signal, onChange, onHearing }: WatchOptions): Promise<void> {
  const moved = { $or: [{ operationType: { $ne: "update" } }, { [`updateDescription.updatedFields.${marker}`]: { $exists: true } }] };
  const stream = model.collection.watch([...(marker ? [{ $match: moved }] : []), { $project: { documentKey: 1, operationType: 1 } }], {
    maxAwaitTimeMS: 1_000,
  });
  const stop = () => void stream.close().catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  const tell = async (change: object | null): Promise<void> => {
    if (change && "documentKey" in change) await onChange(String((change.documentKey as { _id: unknown })._id));
  };
  try {
    // Opens it: without, changes between the caller's reading and the first answer would be nobody's.
    const first = await stream.tryNext();
    await onHearing();
    await tell(first);
    for await (const change of stream) await tell(change);
  } finally {
    signal.removeEventListener("abort", stop);
    await stream.close().catch(() => undefined);
  }
}

async function pollChanges(model: Model<never>, { signal, onChange, onHearing }: WatchOptions): Promise<void> {
  let since = new Date();
  await onHearing();
  while (!signal.aborted) {
    await delay(pollMs, undefined, { signal, ref: false });
    const from = new Date(since.getTime() - overlapMs);
    since = new Date();
    const changed = await model.collection.find({ changedAt: { $gte: from } }, { projection: { _id: 1 } }).toArray();
    for (const document of changed) await onChange(String(document._id));
  }
}
