/** What the database says of each app's state, kept right by the runtime's events and, where there are several processes, by looking. */
import type { Parts } from "./compose.ts";
import type { RuntimeEvent } from "./runtime/runtime.ts";
import { failpoint, untilDatabaseAnswers } from "./storage/index.ts";

export type StatusEvent = Extract<RuntimeEvent, { type: "awake" | "asleep" | "died" | "failed" }>;

export interface Statuses {
  /** Writes it down in the order of one app's events, as soon as the database answers. */
  write(event: StatusEvent): void;
  /** Compares every app with the instances that there are, and writes what differs. */
  catchUp(): Promise<void>;
}

export function createStatuses(parts: Parts, signal: AbortSignal): Statuses {
  const { runtime, awake, apps, reportBug } = parts;
  const writes = new Map<string, Promise<void>>();
  /** One app's changes are written in their order; another's do not wait for them. */
  const inOrder = (appId: string, write: () => Promise<void>): void => {
    const next = (writes.get(appId) ?? Promise.resolve())
      .then(write)
      .catch((error: unknown) => reportBug(error, "writing an app's status"));
    writes.set(appId, next);
    void next.then(() => writes.get(appId) === next && writes.delete(appId));
  };
  const write = (event: StatusEvent): void => inOrder(event.appId, () => untilDatabaseAnswers(() => writeStatus(parts, event), signal));
  return {
    write,
    async catchUp() {
      for (const { appId, status } of await apps.records.listStatuses()) {
        const isAwake = runtime.runtime.endpoints(appId).length > 0;
        if (isAwake) awake.add(appId);
        else awake.delete(appId);
        if (isAwake && (status === "sleeping" || status === "error")) write({ type: "awake", appId });
        else if (!isAwake && status === "running") write({ type: "asleep", appId, reason: "asked" });
      }
    },
  };
}

async function writeStatus({ apps: { records } }: Parts, event: StatusEvent): Promise<void> {
  const { appId } = event;
  if (event.type === "awake") failpoint("wake-announced");
  if (event.type === "asleep") failpoint("sleep-announced");
  if (event.type === "awake") await records.noteAwake(appId);
  else if (event.type === "asleep") await records.setStatus(appId, "sleeping", null, ["running"]);
  // Its next request starts it again; until then its owner sees why it is not running.
  else if (event.type === "died") await records.setStatus(appId, "sleeping", `The app ${event.reason}`, ["running", "sleeping"]);
  else await records.setStatus(appId, "error", event.reason, ["running", "sleeping", "error"]);
  if (event.type === "awake") failpoint("wake-written");
  if (event.type === "asleep") failpoint("sleep-written");
}
