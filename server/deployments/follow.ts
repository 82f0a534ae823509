import { EventEmitter } from "node:events";
import { watchCollection, whileNeeded } from "#server/storage/index.ts";
import type { DeploymentModels } from "./models.ts";

/** How long a change can go unheard: without change streams, and with them while they are interrupted. */
const pollMs = 500;
const unheardMs = 3_000;

export interface Follower {
  /** Yields at once, and whenever the deployment may have changed since, by whichever process. Ends when `signal` aborts. */
  follow(id: string, signal: AbortSignal): AsyncIterable<void>;
}

/** Hears of deployments that other processes carry out: one watch for all who follow, and none while nobody does. */
export function createFollower({ deployment }: DeploymentModels, replicated: boolean): Follower {
  const changes = new EventEmitter().setMaxListeners(0);
  const enter = whileNeeded((signal) => {
    const onChange = (id: string): void => void changes.emit(id);
    // Without change streams each follower asks for its own: that finds what a date of a change would not say.
    if (replicated) void watchCollection(deployment as never, { replicated, signal, onChange, onHearing: () => undefined });
  });
  const nextChange = (id: string, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        changes.off(id, end);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, replicated ? unheardMs : pollMs).unref();
      changes.on(id, end);
      signal.addEventListener("abort", end);
    });
  return {
    async *follow(id, signal) {
      const leave = enter();
      try {
        while (!signal.aborted) {
          // Listens before the caller looks, so that no change falls between the two.
          const changed = nextChange(id, signal);
          yield;
          await changed;
        }
      } finally {
        leave();
      }
    },
  };
}
