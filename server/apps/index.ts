/**
 * Apps: their names, settings, drafts, variables, and where their hosts lead.
 * Guarantees: every read and write is scoped by owner here; a slug is unique in the installation; a draft is only replaced by who knows it.
 * Does not start anything: what is live is the deployments' affair.
 */
export { createApps, type AppsDomain, type AppsOptions } from "./apps.ts";
export { createPortStore } from "./ports.ts";
export { resealAppEnv } from "./reseal.ts";
export { createRouteTable, type AppRoutes, type LiveApp } from "./route-table.ts";
export type { AppRecord } from "./models.ts";
export type { AppRecords, LiveVersion } from "./records.ts";
export type { SourceCheck } from "./source-check.ts";

import type { App, AppDetail, AppStatus, CreateAppInput, EnvVar, UpdateAppInput } from "#core/contract/app.ts";
import type { ValidationResult } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";

/** Every operation takes the owner's id first; `app` is an id or a slug. @throws AppError `not_found` when it is not there or not theirs. */
export interface Apps {
  list(ownerId: string, query: PageQuery & { search?: string | undefined; status?: AppStatus | undefined }): Promise<Page<App>>;
  /** Apps by status, for the count cards of the list. */
  counts(ownerId: string): Promise<Record<AppStatus, number>>;
  create(ownerId: string, input: CreateAppInput): Promise<AppDetail>;
  get(ownerId: string, app: string): Promise<AppDetail>;
  /** Like `get` without files and database figures. */
  find(ownerId: string, app: string): Promise<App>;
  update(ownerId: string, app: string, input: UpdateAppInput): Promise<App>;
  /** Removes the app with its instances, versions, variables, logs and requests. Its database stays. */
  remove(ownerId: string, app: string): Promise<void>;
  /** Ends deletions that a crash left half-way; answers how many. */
  finishRemovals(): Promise<number>;
  clone(ownerId: string, app: string, input: { name?: string | undefined; from?: "draft" | "deployed" | undefined }): Promise<AppDetail>;
  /** The app as a ZIP, without the values of its secrets. @throws AppError `not_deployed` when nothing is live to take. */
  exportZip(ownerId: string, app: string, from?: "draft" | "deployed"): Promise<{ bytes: Uint8Array<ArrayBuffer>; fileName: string }>;
  /** A new app from a ZIP; `fileName` names it where nothing else does. @throws AppError `validation_failed` with each reason; then nothing was made. */
  importZip(ownerId: string, zip: Uint8Array, fileName?: string): Promise<{ app: AppDetail; leftOut: string[]; missingValues: string[] }>;
  /** @throws AppError `draft_changed` (409, with both versions in `extra.current`) when `baseHash` is stale; `validation_failed` for sizes and paths. */
  saveDraft(ownerId: string, app: string, input: { files: Files; baseHash?: string | undefined }): Promise<{ draftHash: string }>;
  validateFiles(files: Files, entrypoint?: string): Promise<ValidationResult>;
  validate(ownerId: string, app: string): Promise<ValidationResult>;
  listEnv(ownerId: string, app: string): Promise<EnvVar[]>;
  /** Replaces the list; an entry without value keeps the one it has. */
  replaceEnv(ownerId: string, app: string, vars: readonly EnvVar[]): Promise<EnvVar[]>;
}
