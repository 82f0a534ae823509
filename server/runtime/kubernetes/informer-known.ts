/** The objects that an informer knows: told of each change once, never set back by what is older. Only a projection of each is kept. */
import type { ClusterObject } from "./client-resources.ts";

export type Change = "added" | "changed" | "removed";
export type ChangeListener<Small> = (change: Change, object: Small, previous: Small | undefined) => void;

export interface KnownOptions<T extends ClusterObject, Small> {
  /** What is kept of an object; null: it is of no interest, as if it were not there. */
  project(object: T): Small | null;
  /** Hears what a listener threw: a bug. Without it, it is the process's uncaught exception. Nothing else is kept from going on. */
  onBug?(error: unknown): void;
}

export interface KnownObjects<T extends ClusterObject, Small> {
  get(name: string): Small | undefined;
  values(): IterableIterator<Small>;
  readonly size: number;
  /** Calls back for each change from now on, after `get` shows it. Of a removed object it is the last that was known. Returns what ends it. */
  onChange(listener: ChangeListener<Small>): () => void;
  /** It is so, by a list or a watch. */
  put(object: T): void;
  /** It went. */
  remove(object: T): void;
  /** It is so, by an answer to ourselves, which may come later than the watch's word that it went. */
  note(object: T): void;
  /** The uid of each by name, as of now. */
  uids(): Map<string, string>;
  /** Those of `before` that are not in `names` went while nobody looked, unless another of the name came since. */
  dropMissing(before: ReadonlyMap<string, string>, names: ReadonlySet<string>): void;
}

interface Known<Small> {
  uid: string;
  resourceVersion: string;
  value: Small;
}

/** Answers to ourselves come within seconds of the watch's word that the object went. */
const goneKept = 1_000;

export function createKnownObjects<T extends ClusterObject, Small>(options: KnownOptions<T, Small>): KnownObjects<T, Small> {
  const known = new Map<string, Known<Small>>();
  const { tell, onChange } = createListeners<Small>(options);
  /** The last that were removed, by uid: a late answer to ourselves must not bring one back. */
  const gone = new Set<string>();

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
    const value = options.project(object);
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

  return {
    get: (name) => known.get(name)?.value,
    *values() {
      for (const { value } of known.values()) yield value;
    },
    get size() {
      return known.size;
    },
    onChange,
    put,
    remove,
    note(object) {
      if (!gone.has(object.metadata?.uid ?? "")) put(object);
    },
    uids: () => new Map([...known].map(([name, { uid }]) => [name, uid])),
    dropMissing(before, names) {
      for (const [name, uid] of before) if (!names.has(name) && known.get(name)?.uid === uid) drop(name);
    },
  };
}

function createListeners<Small>({ onBug }: { onBug?(error: unknown): void }): {
  tell: ChangeListener<Small>;
  onChange(listener: ChangeListener<Small>): () => void;
} {
  const listeners = new Set<ChangeListener<Small>>();
  return {
    tell(change, object, previous) {
      for (const listener of listeners) {
        try {
          listener(change, object, previous);
        } catch (error) {
          if (onBug) onBug(error);
          else queueMicrotask(() => Promise.reject(error));
        }
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Versions are numbers of any length that only grow (Kubernetes promises so since 1.35; every API server before did it). */
const isNewer = (left: string, right: string): boolean => (left.length === right.length ? left > right : left.length > right.length);
