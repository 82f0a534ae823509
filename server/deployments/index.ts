/**
 * Makes versions live: validate, load beside the old one, number, switch. Keeps versions and the history of attempts.
 * Guarantees: a failed deployment takes no number and leaves the live version serving; a crash at any step is carried on or
 * ended cleanly by the reconciler. One deployment per app at a time.
 */
export { createDeployments, type DeploymentsDomain, type DeploymentsOptions } from "./deployments.ts";

import type { Deployment, DeployEvent, DeploymentSource, Version } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import type { Page, PageQuery } from "#core/contract/page.ts";

export interface Deployments {
  /** Saves `files` as the draft when given, checks the draft, and begins. @throws AppError `validation_failed` with `problems`; `deployment_running`. */
  start(
    owner: { id: string },
    app: string,
    input: { files?: Files | undefined; source: DeploymentSource; message?: string | undefined },
  ): Promise<{ deploymentId: string }>;
  /**
   * Saves `files` as the draft when given, checks the draft, and begins to serve it on its own host, with a database of its own where the
   * app has one. @throws AppError as `start`.
   */
  runDraft(
    owner: { id: string },
    app: string,
    input: { files?: Files | undefined; source: DeploymentSource },
  ): Promise<{ deploymentId: string }>;
  rollback(owner: { id: string }, app: string, version: number, source: DeploymentSource): Promise<{ deploymentId: string }>;
  /**
   * Rolls the live version again so that new variables take effect; null when nothing is live. The draft's host takes them when it
   * wakes, and is put to sleep for it; `app` may be that host.
   */
  redeployLive(owner: { id: string }, app: string, source: DeploymentSource, message: string): Promise<{ deploymentId: string | null }>;
  get(ownerId: string, deploymentId: string): Promise<Deployment>;
  list(ownerId: string, app: string, query: PageQuery): Promise<Page<Deployment>>;
  /** All events so far, then each new one; ends with the deployment, or when `signal` aborts. */
  events(ownerId: string, deploymentId: string, signal: AbortSignal): AsyncIterable<DeployEvent>;
  listVersions(ownerId: string, app: string, query: PageQuery): Promise<Page<Version>>;
  getVersion(ownerId: string, app: string, number: number): Promise<Version & { files: Files }>;
  /** These take the host of a draft too. */
  wake(ownerId: string, app: string): Promise<void>;
  sleep(ownerId: string, app: string): Promise<void>;
  restart(ownerId: string, app: string): Promise<{ deploymentId: string }>;
}
