/** For how long pods have been as they are, by this process's own clock: what the cluster writes is by others, which may be an hour off. */
import type { PodView } from "./app-view.ts";

export interface Ages {
  /** Notes the pods there are at `now` (ms, monotonic), forgets all others, and answers for how long each has been in its state. */
  look(pods: readonly PodView[], now: number): (pod: PodView) => number;
}

export function createAges(): Ages {
  let known = new Map<string, { state: string; since: number }>();
  return {
    look(pods, now) {
      known = new Map(
        pods.map(({ uid, state }) => {
          const before = known.get(uid);
          return [uid, before?.state === state ? before : { state, since: now }];
        }),
      );
      return ({ uid }) => now - (known.get(uid)?.since ?? now);
    },
  };
}
