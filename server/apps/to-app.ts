import type { App } from "#core/contract/app.ts";
import type { AppRecord } from "./models.ts";

export interface AppView {
  /** `http://<slug>.<domain>[:port]` */
  urlOf(slug: string): string;
  /** Whether an instance answers now; truer than the stored word, which another process writes a moment later. */
  isAwake(appId: string): boolean;
}

/** An app as every surface sees it. */
export function toApp(record: AppRecord, view: AppView, databaseName: string | undefined): App {
  const id = String(record._id);
  return {
    id,
    slug: record.slug,
    name: record.name,
    description: record.description,
    status: statusOf(record, view.isAwake(id)),
    ...(record.statusReason ? { statusReason: record.statusReason } : {}),
    url: view.urlOf(record.slug),
    framework: record.framework ?? null,
    entrypoint: record.entrypoint,
    liveVersion: record.live?.version ?? null,
    deployed: record.live ? { hash: record.live.hash, version: record.live.version, updatedAt: record.live.updatedAt.toISOString() } : null,
    draft: { hash: record.draft.hash, updatedAt: record.draft.updatedAt.toISOString() },
    database: record.databaseId && databaseName !== undefined ? { id: record.databaseId, name: databaseName } : null,
    lastDeployment: record.lastDeployment ? { id: record.lastDeployment.id, state: record.lastDeployment.state } : null,
    sleepAfterMinutes: record.sleepAfterMinutes,
    shared: record.shared ?? false,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
    lastRequestAt: record.lastRequestAt?.toISOString() ?? null,
  };
}

function statusOf(record: AppRecord, awake: boolean): App["status"] {
  if (!record.live || (record.status !== "running" && record.status !== "sleeping")) return record.status;
  return awake ? "running" : "sleeping";
}
