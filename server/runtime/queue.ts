/** Values from a producer that does not wait, for one reader that may stop early. */
export interface Queue<T> {
  push(value: T): void;
  end(): void;
  fail(error: unknown): void;
  /** The values until the end; throws what it failed with. `onLeave` runs when the reader is done, early or not. */
  read(onLeave: () => Promise<void>): AsyncGenerator<T, void, void>;
}

export function createQueue<T>(): Queue<T> {
  const held: T[] = [];
  let over: { error?: unknown } | null = null;
  let wake = () => {};
  const changed = () => wake();
  return {
    push: (value) => {
      held.push(value);
      changed();
    },
    end: () => {
      over ??= {};
      changed();
    },
    fail: (error) => {
      over ??= { error };
      changed();
    },
    read: async function* (onLeave) {
      try {
        while (true) {
          yield* held.splice(0);
          if (held.length > 0) continue;
          if (over) break;
          await new Promise<void>((resolve) => void (wake = resolve));
        }
        if ("error" in over) throw over.error;
      } finally {
        await onLeave();
      }
    },
  };
}
