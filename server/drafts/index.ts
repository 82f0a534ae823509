/**
 * Drafts on hosts of their own (`draft--<slug>`), so that live is never the test bench: run, open, fill the draft's database.
 * Guarantees: a draft's host is opened by its owner only, with a link that works once; live data is read for a copy and never written.
 * Does not start anything itself: the deployments do, as they do for live.
 */
export { createDrafts } from "./drafts.ts";
export { createDraftPasses, type DraftPasses } from "./passes.ts";

import type { DeploymentSource } from "#core/contract/deployment.ts";
import type { DraftHost } from "#core/contract/draft.ts";
import type { Files } from "#core/contract/files.ts";

/** `app` is an id or a slug. @throws AppError `not_found` when it is not there or not theirs. */
export interface Drafts {
  get(ownerId: string, app: string): Promise<DraftHost>;
  /** @throws AppError `conflict` while the draft's database is being filled; else as `deployments.start`. */
  run(
    owner: { id: string },
    app: string,
    input: { files?: Files | undefined; source: DeploymentSource },
  ): Promise<{ deploymentId: string }>;
  /** An address that opens `path` of the draft's host once. @throws AppError `not_deployed` when no draft was ever run. */
  link(ownerId: string, app: string, path: string): Promise<{ url: string; expiresInMs: number }>;
  /** Begins the draft's database anew. @throws AppError `conflict`, `quota_exceeded`, `storage_full`. */
  fillDatabase(ownerId: string, app: string, from: "empty" | "live"): Promise<DraftHost>;
  cancelCopy(ownerId: string, app: string): Promise<DraftHost>;
  /** Stops the host, and deletes its database unless another app's draft uses it. */
  remove(ownerId: string, app: string): Promise<void>;
}
