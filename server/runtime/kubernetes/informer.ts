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

export type Change = "added" | "changed" | "removed";

export interface InformerOptions<T extends ClusterObject, Small> {
  source: Source<T>;
  /** What is kept of an object; null: it is of no interest, as if it were not there. */
  project(object: T): Small | null;
  /** Hears why the cluster is not heard at the moment, once for each time it goes away. */
  onAway?(error: Error): void;
  /** Hears what a listener threw: a bug. Without it, it is the process's uncaught exception. The informer goes on. */
  onBug?(error: unknown): void;
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
  onChange(listener: (change: Change, object: Small, previous: Small | undefined) => void): () => void;
  /** What the API server answered to a change by this process: known and told at once, and not a second time when the watch has it. */
  note(object: ClusterObject): void;
  /** Resolves when everything is known for the first time. */
  readonly synced: Promise<void>;
  /** ms since the cluster was last heard; 0 while a watch is open. */
  readonly silentMs: number;
}

interface Known<Small> {
  uid: string;
  resourceVersion: string;
  value: Small;
}

const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** A watch that held so long was no failure: the next pause is the first again. */
const heldMs = 5_000;
/** Answers to ourselves come within seconds of the watch's word that the object went. */
const goneKept = 1_000;

export function createInformer<T extends ClusterObject, Small>(options: InformerOptions<T, Small>): Informer<Small> {
  const { source, project } = options;
  const known = new Map<string, Known<Small>>();
  const listeners = new Set<(change: Change, object: Small, previous: Small | undefined) => void>();
  const synced = Promise.withResolvers<void>();
  /** The last that were removed, by uid: a late answer to ourselves must not bring one back. */
  const gone = new Set<string>();
  let heardAt = performance.now();
  let watching = false;
  let isAway = false;

  const tell = (change: Change, object: Small, previous: Small | undefined): void => {
    for (const listener of listeners) {
      try {
        listener(change, object, previous);
      } catch (error) {
        if (options.onBug) options.onBug(error);
        else queueMicrotask(() => Promise.reject(error));
      }
    }
  };
  const drop = (name: string): void => {
    const before = known.get(name);
    if (!before) return;
    known.delete(name);
    gone.add(before.uid);
    if (gone.size > goneKept) gone.delete(gone.values().next().value!);
    tell("removed", before.value, before.value);
  };
  const put = (object: T): void => {
    const { name = "", uid = "", resourceVersion = "" } = object.metadata ?? {};
    const before = known.get(name);
    // The watch's echo of what `note` has told; or, after a new list, what did not change meanwhile.
    if (before?.uid === uid && !isNewer(resourceVersion, before.resourceVersion)) return;
    // Another object of the same name: who holds things by the old one must hear that it went.
    if (before && before.uid !== uid) drop(name);
    const value = project(object);
    if (value === null) return drop(name);
    known.set(name, { uid, resourceVersion, value });
    const previous = before?.uid === uid ? before.value : undefined;
    tell(previous === undefined ? "added" : "changed", value, previous);
  };
  const remove = ({ metadata }: T): void => {
    const name = metadata?.name ?? "";
    // A name's next object may be known already, from an answer to ourselves.
    if (known.get(name)?.uid === metadata?.uid) drop(name);
  };

  /** Everything once; what is not in it any more went while nobody looked. Returns the version to watch from. */
  const readAll = async (signal: AbortSignal): Promise<string> => {
    const names = new Set<string>();
    let resourceVersion = "";
    const before = new Map([...known].map(([name, { uid }]) => [name, uid]));
    for await (const page of source.pages(signal)) {
      for (const object of page.items) {
        names.add(object.metadata?.name ?? "");
        put(object);
      }
      resourceVersion = page.resourceVersion;
    }
    // Only what was known before it began: what was noted meanwhile may be newer than the list.
    for (const [name, uid] of before) if (!names.has(name) && known.get(name)?.uid === uid) drop(name);
    synced.resolve();
    return resourceVersion;
  };

  /** Follows changes from `from` until the watch ends. Returns the version to go on from, or "" when all must be read again. */
  const follow = async (from: string, signal: AbortSignal): Promise<string> => {
    let resourceVersion = from;
    try {
      for await (const event of source.watch(from, signal)) {
        heardAt = performance.now();
        watching = true;
        isAway = false;
        resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
        apply(event);
      }
      return resourceVersion;
    } catch (error) {
      if (error instanceof Expired) return "";
      throw Object.assign(error as Error, { resumeFrom: resourceVersion });
    } finally {
      watching = false;
    }
  };
  const apply = ({ type, object }: WatchEvent<T>): void => {
    if (type === "ADDED" || type === "MODIFIED") put(object);
    else if (type === "DELETED") remove(object);
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let from = "";
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      const startedAt = performance.now();
      let broke = false;
      try {
        if (from === "") from = await readAll(signal);
        from = await follow(from, signal);
      } catch (error) {
        if (signal.aborted) return;
        broke = true;
        from = (error as { resumeFrom?: string }).resumeFrom ?? "";
        if (!isAway) options.onAway?.(error as Error);
        isAway = true;
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
  };

  return {
    start: run,
    get: (name) => known.get(name)?.value,
    *values() {
      for (const { value } of known.values()) yield value;
    },
    get size() {
      return known.size;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    note(object) {
      // The answer is of this informer's kind, or the caller has mixed them up; its version is checked like a watch's.
      if (!gone.has(object.metadata?.uid ?? "")) put(object as T);
    },
    synced: synced.promise,
    get silentMs() {
      return watching ? 0 : performance.now() - heardAt;
    },
  };
}

/** Versions are numbers of any length that only grow (Kubernetes promises so since 1.35; every API server before did it). */
const isNewer = (left: string, right: string): boolean => (left.length === right.length ? left > right : left.length > right.length);
