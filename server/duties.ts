/** What each role does in a process: begun together at start, in the order of the list, for every role the process has. */
import type { Duty } from "./config.ts";
import type { Parts } from "./compose.ts";
import { createDoor, type Door } from "./door/index.ts";
import { createStatuses, type Statuses } from "./statuses.ts";
import { followApps, startWorker } from "./worker.ts";

export interface Begun {
  door: Door | null;
}

/** Begins everything that the process's roles do. Resolves when it can answer. */
export async function beginDuties(parts: Parts, stopping: AbortSignal): Promise<Begun> {
  const { config, settings } = parts;
  const has = (duty: Duty): boolean => config.duties.includes(duty);
  const ways = has("egress") && parts.shared;
  if (!parts.shared) await beginAlone(parts);
  await settings.start(stopping);
  if (has("web")) await beginWeb(parts, stopping);
  const statuses = createStatuses(parts, stopping);
  if (has("web") || has("gateway") || has("worker")) await beginApps(parts, statuses, stopping);
  if (has("web") || has("gateway")) parts.gateway.start();
  if (parts.ports) await beginPorts(parts);
  if (has("worker")) startWorker(parts, statuses, stopping);
  return { door: ways ? await beginDoor(parts) : null };
}

/** The only process of this installation: whatever an earlier one left half-way is nobody's now, and nothing runs. */
async function beginAlone({ apps, copies, deployments }: Parts): Promise<void> {
  await deployments.reconcile({ alone: true });
  await copies.reconcile({ alone: true });
  await apps.records.markAllAsleep();
  await apps.apps.finishRemovals();
}

/** Pages and API: who signs up first, and whose tokens are revoked. */
async function beginWeb({ accounts, notices }: Parts, stopping: AbortSignal): Promise<void> {
  accounts.follow(stopping);
  const notice = await accounts.setupNotice();
  if (notice !== null) notices.push(notice);
}

/** Whatever reaches apps: where hosts lead, copies of what a wake needs, and the instances that there are. */
async function beginApps(parts: Parts, statuses: Statuses, stopping: AbortSignal): Promise<void> {
  const { apps, databases, routes, notices } = parts;
  const { runtime } = parts.runtime;
  apps.records.keepCopies(stopping);
  databases.keepCopies(stopping);
  // Before anything can happen to an app.
  followApps(parts, statuses, stopping);
  await Promise.all([runtime.start(), routes.start(stopping)]);
  notices.push(runtime.isolation.detail);
}

async function beginPorts({ ports, notices }: Parts): Promise<void> {
  await ports?.start();
  notices.push(
    "Each app has a port of its own (APPS_ADDRESSING=port). Browsers share cookies between the ports of a host: let only people deploy who trust each other",
  );
}

async function beginDoor({ config, doorKey, egress, mongo, logger }: Parts): Promise<Door> {
  return createDoor({ port: config.doorPort, host: config.host, key: doorKey, egress, mongo, logger });
}
