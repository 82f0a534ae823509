/**
 * What goes on without being asked for: the runtime's events written down, deployments and deletions that a crash left ended,
 * what is unused removed. Every task may be repeated and may be cut off at any line.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AppsDomain } from "./apps/index.ts";
import type { DeploymentsDomain } from "./deployments/index.ts";
import type { Logs } from "./logs/index.ts";
import type { Requests } from "./requests/index.ts";
import type { Runtime, RuntimeEvent } from "./runtime/runtime.ts";
import { failpoint, untilDatabaseAnswers } from "./storage/index.ts";

export interface WorkerOptions {
  apps: AppsDomain;
  deployments: DeploymentsDomain;
  runtime: Runtime;
  logs: Logs;
  trimLogs: () => Promise<void>;
  requests: Requests;
  /** The apps that are awake, kept by the runtime's events: a figure of the platform. */
  awake: Set<string>;
  reportBug: (error: unknown, where: string) => void;
  signal: AbortSignal;
}

const reconcileMs = 10_000;
const trimMs = 60_000;
const bundlesMs = 10 * 60_000;

/** Begins every task; they end when `signal` aborts. */
export function startWorker(options: WorkerOptions): void {
  const { apps, deployments } = options;
  void followRuntime(options);
  repeat("reconciling deployments", reconcileMs, () => deployments.reconcile({ alone: false }), options);
  repeat("ending deletions", reconcileMs, () => apps.apps.finishRemovals(), options);
  repeat("trimming logs", trimMs, options.trimLogs, options);
  repeat("removing unused bundles", bundlesMs, () => apps.bundles.removeUnused((hashes) => deployments.versions.kept(hashes)), options);
}

function repeat(name: string, everyMs: number, task: () => Promise<unknown>, { signal, reportBug }: WorkerOptions): void {
  void (async () => {
    while (!signal.aborted) {
      // Unreferenced, so that a stop does not wait for the next round.
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await task().catch((error: unknown) => reportBug(error, name));
    }
  })();
}

async function followRuntime(options: WorkerOptions): Promise<void> {
  const { runtime, logs, requests, signal } = options;
  const writes = new Map<string, Promise<void>>();
  /** One app's changes are written in their order; another's do not wait for them. */
  const inOrder = (appId: string, write: () => Promise<void>): void => {
    const next = (writes.get(appId) ?? Promise.resolve())
      .then(write)
      .catch((error: unknown) => options.reportBug(error, "writing an app's status"));
    writes.set(appId, next);
    void next.then(() => writes.get(appId) === next && writes.delete(appId));
  };
  for await (const event of runtime.watch(signal)) {
    if (event.type === "log") logs.append(event.appId, event.line);
    else if (event.type === "exception") requests.recordException(event.appId, event.record);
    else {
      if (event.type === "awake") options.awake.add(event.appId);
      else options.awake.delete(event.appId);
      inOrder(event.appId, () => untilDatabaseAnswers(() => writeStatus(options, event), signal));
    }
  }
}

async function writeStatus(
  { apps: { records } }: WorkerOptions,
  event: Extract<RuntimeEvent, { type: "awake" | "asleep" | "died" | "failed" }>,
): Promise<void> {
  const { appId } = event;
  if (event.type === "awake") failpoint("wake-announced");
  if (event.type === "asleep") failpoint("sleep-announced");
  if (event.type === "awake") await records.setStatus(appId, "running", null, ["running", "sleeping", "error"]);
  else if (event.type === "asleep") await records.setStatus(appId, "sleeping", null, ["running"]);
  // Its next request starts it again; until then its owner sees why it is not running.
  else if (event.type === "died") await records.setStatus(appId, "sleeping", `The app ${event.reason}`, ["running", "sleeping"]);
  else await records.setStatus(appId, "error", event.reason, ["running", "sleeping", "error"]);
  if (event.type === "awake") failpoint("wake-written");
  if (event.type === "asleep") failpoint("sleep-written");
}
