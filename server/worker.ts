/**
 * What goes on without being asked for: the runtime's events written down, deployments and deletions that a crash left ended, idle
 * apps put to sleep, what is unused removed. Every task may be repeated and may be cut off at any line.
 *
 * Of several processes one leads and does it. Two may both think so for a moment; whatever is done here may be done twice.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Parts } from "./compose.ts";
import type { Statuses } from "./statuses.ts";

const reconcileMs = 10_000;
const trimMs = 60_000;
const bundlesMs = 10 * 60_000;
const hoursMs = 5 * 60_000;
const statusesMs = 60_000;
const lookMs = 1_000;
const sleepMs = 5_000;
/** Gateways report who was active every 5 s, also while a stream is open: one that is late by a round still counts. */
const reportGraceMs = 10_000;

/** Begins every task; they end when `signal` aborts. */
export function startWorker(parts: Parts, { catchUp }: Statuses, signal: AbortSignal): void {
  const { apps, copies, deployments, requests, templates, runtime, shared } = parts;
  const leading = (name: string, everyMs: number, task: () => Promise<unknown>): void =>
    repeat(parts, signal, name, everyMs, async () => {
      if (runtime.leads()) await task();
    });
  leading("reconciling deployments", reconcileMs, () => deployments.reconcile({ alone: false }));
  leading("ending copies of databases", reconcileMs, () => copies.reconcile({ alone: false }));
  leading("ending deletions", reconcileMs, () => apps.apps.finishRemovals());
  leading("removing unused bundles", bundlesMs, () => apps.bundles.removeUnused([deployments.versions.kept, templates.kept]));
  leading("summing up the hours that are over", hoursMs, () => requests.closeHours());
  if (!shared) return;
  leading("putting idle apps to sleep", sleepMs, () => sleepIdle(parts));
  // What happened while nobody led is found by looking, at once by a new leader and now and then by an old one.
  let led = false;
  repeat(parts, signal, "looking who leads", lookMs, async () => {
    const leads = runtime.leads();
    if (leads && !led) await catchUp();
    led = leads;
  });
  leading("comparing statuses", statusesMs, catchUp);
}

/**
 * Writes down what this process hears of apps: their lines and exceptions, and their statuses where it leads. A start that failed is
 * written by whoever tried it, since nobody else knows. Every process that reaches apps does this.
 */
export function followApps(parts: Parts, statuses: Statuses, signal: AbortSignal): void {
  const { runtime, logs, requests, awake, shared } = parts;
  void (async () => {
    for await (const event of runtime.runtime.watch(signal)) {
      if (event.type === "log") logs.logs.append(event.appId, event.line);
      else if (event.type === "exception") requests.requests.recordException(event.appId, event.record);
      else {
        if (event.type === "awake") awake.add(event.appId);
        else awake.delete(event.appId);
        if (!shared || event.type === "failed" || runtime.leads()) statuses.write(event);
      }
    }
  })();
  repeat(parts, signal, "trimming logs", trimMs, () => logs.trim());
}

/**
 * Puts apps to sleep that nobody asked for longer than their sleep time, by what all gateways reported. Each is looked up again right
 * before: a round over many apps takes its time.
 */
export async function sleepIdle({ apps: { records }, runtime: { runtime }, awake, logger }: Parts): Promise<void> {
  const here = [...awake].filter((appId) => runtime.endpoints(appId).length > 0);
  for (const appId of await records.findIdle(here, reportGraceMs)) {
    if ((await records.findIdle([appId], reportGraceMs)).length === 0) continue;
    await runtime.sleep(appId).catch((error: unknown) => logger.warn("an idle app could not be put to sleep", { appId, error }));
  }
}

function repeat({ reportBug }: Parts, signal: AbortSignal, name: string, everyMs: number, task: () => Promise<unknown>): void {
  void (async () => {
    while (!signal.aborted) {
      // Unreferenced, so that a stop does not wait for the next round.
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await task().catch((error: unknown) => reportBug(error, name));
    }
  })();
}
