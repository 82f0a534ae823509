/** The quiet end of a listener: what was asked is answered, and who has a connection open is told to take another one next time. */
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How long requests in flight may take; apps have as long to end theirs. */
const graceMs = 30_000;
/** How long a connection without a request stays: its next request, that may be under way, still gets its answer. */
const idleMs = 1_000;
const lookEveryMs = 25;

export interface DrainOptions {
  graceMs?: number;
  /** Told when it takes longer than a moment, with the connections that are left. */
  onWait?: (connections: number) => void;
}

/**
 * Stops listening, lets requests in flight end, answers those that still come over open connections with `Connection: close`, and
 * resolves when no connection is left or the time is over. Connections that nobody took yet stay with the kernel: when the
 * listening socket is not ours alone, the next process takes them.
 */
export async function drain(server: Server, options: DrainOptions = {}): Promise<void> {
  const until = performance.now() + (options.graceMs ?? graceMs);
  const idleUntil = performance.now() + idleMs;
  for (const event of ["request", "checkContinue"] as const) {
    server.prependListener(event, (_request, response) => (response.shouldKeepAlive = false));
  }
  // Not http's own close: that cuts idle connections at once, in the face of the request that may just be on its way.
  if (server.listening) NetServer.prototype.close.call(server);
  let told = false;
  for (;;) {
    const left = await countConnections(server);
    const now = performance.now();
    if (left === 0 || now >= until) return;
    if (now >= idleUntil) {
      server.closeIdleConnections();
      if (!told && now >= idleUntil + idleMs) {
        told = true;
        options.onWait?.(left);
      }
    }
    await sleep(lookEveryMs);
  }
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error ? 0 : count)));
}
