import type { Model } from "mongoose";
import { setTimeout as delay } from "node:timers/promises";

/** How a collection without change streams is looked over; the delay another process's change takes to be seen. */
const pollMs = 1_000;

/**
 * Calls `onChange` with the id of every document of `model` that is written or deleted, by whichever process, until `signal` aborts.
 * A change stream where the server has them; otherwise documents whose `changedAt` moved are polled (a deletion is then
 * seen as the write that marked the document before it). Calls may repeat; none is lost across a reconnect, since after one
 * `onReset` asks the caller to read everything anew.
 */
export async function watchCollection(
  model: Model<never>,
  options: {
    replicated: boolean;
    signal: AbortSignal;
    onChange: (id: string) => void | Promise<void>;
    onReset: () => void | Promise<void>;
  },
): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    try {
      await (options.replicated ? followStream(model, options) : pollChanges(model, options));
    } catch {
      // The database is away: the driver reconnects, and what was missed is read anew.
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
    if (!signal.aborted) await Promise.resolve(options.onReset()).catch(() => undefined);
  }
}

type Options = Parameters<typeof watchCollection>[1];

async function followStream(model: Model<never>, { signal, onChange }: Options): Promise<void> {
  const stream = model.collection.watch([{ $project: { documentKey: 1, operationType: 1 } }]);
  const stop = () => void stream.close().catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const change of stream) {
      if ("documentKey" in change) await onChange(String(change.documentKey._id));
    }
  } finally {
    signal.removeEventListener("abort", stop);
    await stream.close().catch(() => undefined);
  }
}

async function pollChanges(model: Model<never>, { signal, onChange }: Options): Promise<void> {
  let since = new Date();
  while (!signal.aborted) {
    await delay(pollMs, undefined, { signal });
    // A second of overlap: clocks of writers differ, and a repeated call is harmless.
    const from = new Date(since.getTime() - 1_000);
    since = new Date();
    const changed = await model.collection.find({ changedAt: { $gte: from } }, { projection: { _id: 1 } }).toArray();
    for (const document of changed) await onChange(String(document._id));
  }
}
