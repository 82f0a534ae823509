/**
 * Apps: their names, settings, drafts, variables, and where their hosts lead.
 * Guarantees: every read and write is scoped by owner here; a slug is unique in the installation; a draft is only replaced by who knows it.
 * Does not start anything: what is live is the deployments' affair.
 */
export { createApps, type AppsDomain, type AppsOptions } from "./apps.ts";
export type { DraftHosts } from "./draft-hosts.ts";
export { requireFiles } from "./bundles.ts";
export { createPortStore } from "./ports.ts";
export { resealAppEnv } from "./reseal.ts";
export { createRouteTable, type AppRoutes, type LiveApp } from "./route-table.ts";
export type { AppRecord } from "./models.ts";
export type { AppRecords, LiveVersion } from "./records.ts";
export type { SourceCheck } from "./source-check.ts";

import type { Scope } from "#core/contract/account.ts";
import type { App, AppDetail, AppStatus, CreateAppInput, EnvVar, Framework, UpdateAppInput } from "#core/contract/app.ts";
import type { ValidationResult } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";

export interface SharedApp {
  slug: string;
  name: string;
  description: string;
  ownerId: string;
  framework: Framework | null;
  entrypoint: string;
  /** It has a database bound; whoever copies it gets their own. */
  database: boolean;
  /** The live version's, or the draft's of an app that never went live. */
  files: Files;
  /** Names of the variables that its owner set: what a copy needs too. Never their values. */
  variables: string[];
}

/** Every operation takes the owner's id first; `app` is an id or a slug. @throws AppError `not_found` when it is not there or not theirs. */
export interface Apps {
  list(ownerId: string, query: PageQuery & { search?: string | undefined; status?: AppStatus | undefined }): Promise<Page<App>>;
  /** Apps by status, for the count cards of the list. */
  counts(ownerId: string): Promise<Record<AppStatus, number>>;
  /** `scopes` are those of who asks, where they have more than an account has: an administrator may start from a hidden template. */
  create(ownerId: string, input: CreateAppInput, scopes?: ReadonlySet<Scope>): Promise<AppDetail>;
  get(ownerId: string, app: string): Promise<AppDetail>;
  /** Like `get` without files and database figures. */
  find(ownerId: string, app: string): Promise<App>;
  /** Like `find`, for an app or the host of its draft (`draft--<slug>`). */
  findHost(ownerId: string, host: string): Promise<App>;
  update(ownerId: string, app: string, input: UpdateAppInput): Promise<App>;
  /** Removes the app with its instances, versions, variables, logs and requests. Its database stays. */
  remove(ownerId: string, app: string): Promise<void>;
  /** Removes the host of the app's draft, with its database unless another app's draft uses that. The draft stays. */
  removeDraftHost(ownerId: string, app: string): Promise<void>;
  /** Removes a draft's database that no app's draft uses any more. */
  releaseDraftDatabase(ownerId: string, databaseId: string): Promise<void>;
  /** Ends deletions that a crash left half-way; answers how many. */
  finishRemovals(): Promise<number>;
  /**
   * A copy of an own app, with its variables and bound to the same database; or of somebody else's that is shared: of the files that
   * `getShared` shows, and nothing else.
   */
  clone(ownerId: string, app: string, input: { name?: string | undefined; from?: "draft" | "deployed" | undefined }): Promise<AppDetail>;
  /** What every account may read of a shared app; `app` is its id or slug. @throws AppError `not_found` when it is not shared. */
  getShared(app: string): Promise<SharedApp>;
  /** The app as a ZIP, without the values of its secrets. @throws AppError `not_deployed` when nothing is live to take. */
  exportZip(ownerId: string, app: string, from?: "draft" | "deployed"): Promise<{ bytes: Uint8Array<ArrayBuffer>; fileName: string }>;
  /** A new app from a ZIP; `fileName` names it where nothing else does. @throws AppError `validation_failed` with each reason; then nothing was made. */
  importZip(ownerId: string, zip: Uint8Array, fileName?: string): Promise<{ app: AppDetail; leftOut: string[]; missingValues: string[] }>;
  /** @throws AppError `draft_changed` (409, with both versions in `extra.current`) when `baseHash` is stale; `validation_failed` for sizes and paths. */
  saveDraft(ownerId: string, app: string, input: { files: Files; baseHash?: string | undefined }): Promise<{ draftHash: string }>;
  validateFiles(files: Files, entrypoint?: string): Promise<ValidationResult>;
  validate(ownerId: string, app: string): Promise<ValidationResult>;
  /** Of an app, or of its draft's host: what that has differs from the app's for the draft alone. */
  listEnv(ownerId: string, app: string): Promise<EnvVar[]>;
  /** Replaces the list; an entry without value keeps the one it has. */
  replaceEnv(ownerId: string, app: string, vars: readonly EnvVar[]): Promise<EnvVar[]>;
}
