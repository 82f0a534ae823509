import type { Model } from "mongoose";
import type { Storage } from "./index.ts";
import { watchCollection } from "./watch.ts";

export interface CopyOptions<Value> {
  /** The collection that values come from; its documents' ids are the copies'. */
  model: Model<never>;
  storage: Storage;
  load: (id: string) => Promise<Value>;
  /** About what a value takes in memory. */
  sizeOf: (value: Value) => number;
  /** Copies kept at most, and bytes; the one that was not asked for longest goes first. */
  most: number;
  mostBytes: number;
}

export interface Copies<Value> {
  /** What `load` answered once, as long as every change of its document is heard of; else what it answers now. */
  get(id: string): Promise<Value>;
  /** To be called when a write of this process has been answered, well or not: nothing that was read before it is given out any more. */
  forget(id: string): void;
  /** Keeps copies from when changes are heard until `signal` aborts; before, every `get` loads. */
  start(signal: AbortSignal): void;
  readonly size: number;
  readonly bytes: number;
}

/** Documents of one collection in memory, least recently used first out, kept right by a watch. */
export function createCopies<Value>({ model, storage, load, sizeOf, most, mostBytes }: CopyOptions<Value>): Copies<Value> {
  const kept = new Map<string, { value: Value; bytes: number }>();
  /** Who asks meanwhile gets the same answer, unless something was written after it began. */
  const loading = new Map<string, Promise<Value>>();
  let bytes = 0;
  let hearing = false;

  const drop = (id: string): void => {
    bytes -= kept.get(id)?.bytes ?? 0;
    kept.delete(id);
  };
  const forget = (id: string): void => {
    drop(id);
    loading.delete(id);
  };
  const forgetAll = (): void => {
    kept.clear();
    loading.clear();
    bytes = 0;
  };
  const keep = (id: string, value: Value): void => {
    drop(id);
    const size = sizeOf(value);
    kept.set(id, { value, bytes: size });
    bytes += size;
    for (const oldest of kept.keys()) {
      if (kept.size <= most && bytes <= mostBytes) break;
      drop(oldest);
    }
  };
  const read = (id: string): Promise<Value> => {
    const promise: Promise<Value> = load(id).then(
      (value) => {
        // Where a change came meanwhile, this may be from before it: good for who asked before, and for nobody after.
        if (loading.get(id) !== promise) return value;
        loading.delete(id);
        if (hearing) keep(id, value);
        return value;
      },
      (error: unknown) => {
        if (loading.get(id) === promise) loading.delete(id);
        throw error;
      },
    );
    loading.set(id, promise);
    return promise;
  };

  return {
    get(id) {
      const copy = kept.get(id);
      if (!copy) return loading.get(id) ?? read(id);
      kept.delete(id);
      kept.set(id, copy);
      return Promise.resolve(copy.value);
    },
    forget,
    start(signal) {
      void watchCollection(model, {
        replicated: storage.replicated,
        signal,
        onChange: forget,
        onHearing: () => {
          forgetAll();
          hearing = true;
        },
        onDeaf: () => {
          hearing = false;
          forgetAll();
        },
      });
    },
    get size() {
      return kept.size;
    },
    get bytes() {
      return bytes;
    },
  };
}
