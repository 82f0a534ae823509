/** Events to any number of watchers, each at its own pace. */
import type { RuntimeEvent } from "./runtime.ts";

/** Events held for a watcher that lags. Beyond it log lines are left out; what changes an app's state never is. */
const mostHeld = 20_000;

export interface EventHub {
  publish(event: RuntimeEvent): void;
  watch(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export function createEventHub(): EventHub {
  const watchers = new Set<(event: RuntimeEvent) => void>();
  return {
    publish: (event) => {
      for (const watcher of watchers) watcher(event);
    },
    watch: (signal) => {
      const held: RuntimeEvent[] = [];
      let wake: (() => void) | null = null;
      const receive = (event: RuntimeEvent) => {
        if (held.length >= mostHeld && (event.type === "log" || event.type === "exception")) return;
        held.push(event);
        wake?.();
      };
      const stop = () => {
        watchers.delete(receive);
        wake?.();
      };
      // From the call on, not from the first read: nothing between the two is missed.
      if (!signal.aborted) watchers.add(receive);
      signal.addEventListener("abort", stop, { once: true });
      return {
        [Symbol.asyncIterator]: async function* () {
          try {
            while (!signal.aborted) {
              yield* held.splice(0);
              if (held.length > 0 || signal.aborted) continue;
              await new Promise<void>((resolve) => void (wake = resolve));
              wake = null;
            }
          } finally {
            signal.removeEventListener("abort", stop);
            watchers.delete(receive);
          }
        },
      };
    },
  };
}
