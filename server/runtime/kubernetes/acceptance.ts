/**
 * Which pods accept connections: tried by dialling, since the cluster's own word of it (a readiness condition) comes a second later.
 * Holds: a pod that was seen to accept is asked no more; one that vanished is forgotten.
 */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { PodView } from "./app-view.ts";

/** The first pause after a refused connection, doubled up to the longest (gh:fission/fission#3559: a late start cost a whole second). */
const firstPauseMs = 25;
const longestPauseMs = 500;
/** No answer at all is a pod whose network is not there yet. */
const dialTimeoutMs = 1_000;

export interface Acceptance {
  has(pod: PodView): boolean;
  /** This process got an answer from it. */
  note(pod: PodView): void;
  /** Begins to try those that are not known; calls back when one accepts. */
  watch(pods: readonly PodView[]): void;
  forget(uid: string): void;
  close(): void;
}

export function createAcceptance(port: number, onAccept: (pod: PodView) => void): Acceptance {
  const accepting = new Set<string>();
  const trying = new Map<string, AbortController>();
  const forget = (uid: string): void => {
    accepting.delete(uid);
    trying.get(uid)?.abort();
    trying.delete(uid);
  };
  const tryUntilAccepted = async (pod: PodView, signal: AbortSignal): Promise<void> => {
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
      if (await accepts(pod.ip!, port)) {
        if (signal.aborted) return;
        trying.delete(pod.uid);
        accepting.add(pod.uid);
        onAccept(pod);
        return;
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  return {
    has: (pod) => accepting.has(pod.uid),
    note(pod) {
      forget(pod.uid);
      accepting.add(pod.uid);
    },
    watch(pods) {
      for (const pod of pods) {
        if (pod.ip === null || accepting.has(pod.uid) || trying.has(pod.uid)) continue;
        const abort = new AbortController();
        trying.set(pod.uid, abort);
        void tryUntilAccepted(pod, abort.signal);
      }
    },
    forget,
    close() {
      for (const abort of trying.values()) abort.abort();
      trying.clear();
    },
  };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: dialTimeoutMs });
    const settle = (accepted: boolean) => () => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", settle(true)).once("error", settle(false)).once("timeout", settle(false));
  });
}
