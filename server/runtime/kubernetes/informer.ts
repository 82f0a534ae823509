/**
 * Keeps what the cluster says of one kind of object in memory: all of it once, then every change, however often the connection is cut.
 * Guarantees: `get` and `values` are the last known state, also while the API server is away; an object that went meanwhile is told as
 * removed; a listener hears of each change once, in order. Only a projection of each object is kept.
 *
 * The client library's informer is not used: it asks for no bookmarks (so a quiet watch resumes from a version that is long forgotten),
 * ends for good at any error but two, and keeps whole objects.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterObject } from "./client-resources.ts";
import type { Source, WatchEvent } from "./client.ts";
import { Expired } from "./client-errors.ts";
import { createKnownObjects, type ChangeListener, type KnownObjects, type KnownOptions } from "./informer-known.ts";

export type { Change } from "./informer-known.ts";

export interface InformerOptions<T extends ClusterObject, Small> extends KnownOptions<T, Small> {
  source: Source<T>;
  /** Hears why the cluster is not heard at the moment, once for each time it goes away. */
  onAway?(error: Error): void;
}

export interface Informer<Small> {
  /** Begins, and goes on until `signal` aborts; resolves when it has ended. */
  start(signal: AbortSignal): Promise<void>;
  get(name: string): Small | undefined;
  values(): IterableIterator<Small>;
  readonly size: number;
  /**
   * Calls back for each change from now on, after `get` shows it; `previous` is what was known before. Returns what ends it.
   * Of a removed object, `object` is the last that was known.
   */
  onChange(listener: ChangeListener<Small>): () => void;
  /** What the API server answered to a change by this process: known and told at once, and not a second time when the watch has it. */
  note(object: ClusterObject): void;
  /** Resolves when everything is known for the first time. */
  readonly synced: Promise<void>;
  /** ms since the cluster was last heard; 0 while a watch is open. */
  readonly silentMs: number;
}

const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** A watch that held so long was no failure: the next pause is the first again. */
const heldMs = 5_000;

/** Whether the cluster is heard. */
interface Hearing {
  /** Monotonic, ms. */
  heardAt: number;
  watching: boolean;
  isAway: boolean;
}

export function createInformer<T extends ClusterObject, Small>(options: InformerOptions<T, Small>): Informer<Small> {
  const known = createKnownObjects(options);
  const synced = Promise.withResolvers<void>();
  const hearing: Hearing = { heardAt: performance.now(), watching: false, isAway: false };
  return {
    start: (signal) => run(options, known, hearing, synced.resolve, signal),
    get: known.get,
    values: known.values,
    get size() {
      return known.size;
    },
    onChange: known.onChange,
    // The answer is of this informer's kind, or the caller has mixed them up; its version is checked like a watch's.
    note: (object) => known.note(object as T),
    synced: synced.promise,
    get silentMs() {
      return hearing.watching ? 0 : performance.now() - hearing.heardAt;
    },
  };
}

/** Reads everything, then follows what changes, and so on until `signal` aborts. */
async function run<T extends ClusterObject, Small>(
  { source, onAway }: InformerOptions<T, Small>,
  known: KnownObjects<T, Small>,
  hearing: Hearing,
  onSynced: () => void,
  signal: AbortSignal,
): Promise<void> {
  let from = "";
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    const startedAt = performance.now();
    let broke = false;
    try {
      if (from === "") from = await readAll(source, known, signal);
      onSynced();
      from = await follow(source, known, hearing, from, signal);
    } catch (error) {
      if (signal.aborted) return;
      broke = true;
      from = (error as { resumeFrom?: string }).resumeFrom ?? "";
      if (!hearing.isAway) onAway?.(error as Error);
      hearing.isAway = true;
    }
    if (performance.now() - startedAt > heldMs) {
      pauseMs = firstPauseMs;
      // The server ends each watch after some minutes: nothing is wrong, and nobody waits.
      if (!broke) continue;
    }
    // Spread, so that all watchers do not come back to a restarted API server in the same moment.
    await delay(pauseMs * (0.5 + Math.random()), undefined, { signal, ref: false }).catch(() => undefined);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** Everything once; what is not in it any more went while nobody looked. Returns the version to watch from. */
async function readAll<T extends ClusterObject, Small>(
  source: Source<T>,
  known: KnownObjects<T, Small>,
  signal: AbortSignal,
): Promise<string> {
  const names = new Set<string>();
  let resourceVersion = "";
  // Only what was known before it began can be missing: what was noted meanwhile may be newer than the list.
  const before = known.uids();
  for await (const page of source.pages(signal)) {
    for (const object of page.items) {
      names.add(object.metadata?.name ?? "");
      known.put(object);
    }
    resourceVersion = page.resourceVersion;
  }
  known.dropMissing(before, names);
  return resourceVersion;
}

/** Follows changes from `from` until the watch ends. Returns the version to go on from, or "" when all must be read again. */
async function follow<T extends ClusterObject, Small>(
  source: Source<T>,
  known: KnownObjects<T, Small>,
  hearing: Hearing,
  from: string,
  signal: AbortSignal,
): Promise<string> {
  let resourceVersion = from;
  const apply = ({ type, object }: WatchEvent<T>): void => {
    if (type === "ADDED" || type === "MODIFIED") known.put(object);
    else if (type === "DELETED") known.remove(object);
  };
  try {
    for await (const event of source.watch(from, signal)) {
      hearing.heardAt = performance.now();
      hearing.watching = true;
      hearing.isAway = false;
      resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
      apply(event);
    }
    return resourceVersion;
  } catch (error) {
    if (error instanceof Expired) return "";
    throw Object.assign(error as Error, { resumeFrom: resourceVersion });
  } finally {
    hearing.watching = false;
  }
}
