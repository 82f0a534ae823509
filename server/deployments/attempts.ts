import { randomUUID } from "node:crypto";
import type { DeploymentSource } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import type { AppRecord } from "#server/apps/index.ts";
import { failpoint, holdLease, untilDatabaseAnswers, type Lease, type Leases } from "#server/storage/index.ts";
import type { DeploymentModels, DeploymentRecord } from "./models.ts";
import { noteEvents, toStored } from "./note-events.ts";
import type { Progress } from "./progress.ts";
import { leaseMs, leaseOf } from "./reconciler.ts";
import { runDeployment, type Attempt, type Outcome, type RunOptions } from "./run-deployment.ts";

const lostWords = "This deployment was interrupted for so long that another may have begun. Nothing was changed: deploy again.";

export interface AttemptInput {
  kind: "deploy" | "rollback" | "draft";
  source: DeploymentSource;
  hash: string;
  /** The number to make live again; null for the next one. */
  version: number | null;
  message: string;
  /** The files of `hash`, where they are at hand. */
  files?: Files;
  progress: Progress;
}

export interface Attempts {
  /** Records the attempt and begins it; its id. @throws AppError `deployment_running`, `isolation_missing`. */
  begin(owner: { id: string }, app: AppRecord, input: AttemptInput): Promise<string>;
  /** An attempt that this process carries out, by its id. */
  find(deploymentId: string): { progress: Progress; done: Promise<void> } | undefined;
  ids(): ReadonlySet<string>;
  /** Waits for all of them. */
  settle(): Promise<void>;
}

export interface AttemptOptions {
  models: DeploymentModels;
  leases: Leases;
  run: () => RunOptions;
  refusal: (userId: string) => Promise<string | null>;
  /** @throws AppError `storage_full`. */
  requireRoom: () => void;
  reportBug: (error: unknown, where: string) => void;
  stopping: AbortSignal;
}

/** Carries deployments out in this process, each under its app's lease, and writes down how they end. */
export function createAttempts(options: AttemptOptions): Attempts {
  const { models, leases } = options;
  const holder = randomUUID();
  const active = new Map<string, { progress: Progress; done: Promise<void> }>();

  const record = async (
    owner: { id: string },
    app: AppRecord,
    lease: Lease,
    input: Omit<AttemptInput, "progress" | "files">,
  ): Promise<DeploymentRecord> => {
    try {
      const who = { appId: String(app._id), ownerId: app.ownerId, authorId: owner.id };
      const created = await models.deployment.create({ ...input, ...who, state: "running", createdAt: new Date() });
      return created.toObject() as DeploymentRecord;
    } catch (error) {
      await lease.release();
      throw error;
    }
  };

  const carryOut = async (attempt: Attempt, progress: Progress, lease: Lease): Promise<void> => {
    const held = holdLease(lease, leaseMs, lostWords);
    const stopNoting = noteEvents(models, attempt.deployment, progress);
    let outcome: Outcome;
    try {
      outcome = await runDeployment(options.run(), attempt, progress, AbortSignal.any([options.stopping, held.lost]), held.require);
    } catch (error) {
      outcome = toOutcome(error, options, attempt.deployment);
    } finally {
      held.end();
      await stopNoting();
    }
    if (outcome.state === "succeeded") progress.add("ready", "succeeded", readyWords(attempt.deployment, outcome.live.version));
    try {
      await attempt.noted;
      // Who has the lease now has written how it ended.
      if (!held.lost.aborted) await untilDatabaseAnswers(() => writeEnd(options, attempt, progress, outcome), options.stopping);
      failpoint("deploy-written");
    } catch (error) {
      // The lease runs out and the reconciler writes it down.
      options.reportBug(error, "writing the end of a deployment");
    } finally {
      await lease.release().catch(() => undefined);
      progress.end();
    }
  };

  const note = async (app: AppRecord, id: string): Promise<void> => {
    const { records } = options.run();
    if (!app.live) await records.setStatus(String(app._id), "deploying", null);
    await records.setLastDeployment(String(app._id), { id, state: "running" });
  };

  return {
    async begin(owner, app, { progress, files, ...input }) {
      options.requireRoom();
      const refusal = await options.refusal(owner.id);
      if (refusal) throw new AppError("isolation_missing", refusal);
      const appId = String(app._id);
      const lease = await leases.acquire(leaseOf(appId), holder, leaseMs);
      if (!lease)
        throw new AppError("deployment_running", "Another deployment of this app is under way. Wait for it to end, then deploy again.");
      const deployment = await record(owner, app, lease, input);
      failpoint("deploy-recorded");
      const id = String(deployment._id);
      // While the app loads: what others see of it does not hold it up.
      const noted = untilDatabaseAnswers(() => note(app, id), options.stopping);
      noted.catch(() => undefined);
      const done = carryOut({ app, deployment, files: files ?? null, noted }, progress, lease).finally(() => active.delete(id));
      active.set(id, { progress, done });
      await noted;
      return id;
    },
    find: (deploymentId) => active.get(deploymentId),
    ids: () => new Set(active.keys()),
    async settle() {
      await Promise.allSettled([...active.values()].map(({ done }) => done));
    },
  };
}

const readyWords = ({ kind }: DeploymentRecord, version: number): string =>
  kind === "draft" ? "The draft answers on its own host" : `Version ${version} is live`;

async function writeEnd(options: AttemptOptions, { app, deployment }: Attempt, progress: Progress, outcome: Outcome): Promise<void> {
  const events = toStored(progress.events);
  const result =
    outcome.state === "succeeded"
      ? { version: outcome.live.version }
      : { error: outcome.error, problems: outcome.problems, traceback: outcome.traceback };
  await options.models.deployment.updateOne(
    { _id: deployment._id },
    { $set: { ...result, state: outcome.state, events, finishedAt: new Date() } },
  );
  const { records, versions } = options.run();
  if (outcome.state === "succeeded") return versions.prune(deployment.appId, outcome.live.version);
  await records.setLastDeployment(deployment.appId, { id: String(deployment._id), state: "failed" });
  if (!app.live) await records.setStatus(deployment.appId, "error", outcome.error, ["deploying"]);
}

/** An expected refusal of the runtime ends the deployment with its words; anything else is a bug, reported, and told without internals. */
function toOutcome(error: unknown, options: AttemptOptions, deployment: DeploymentRecord): Outcome {
  const failed = (words: string): Outcome => ({ state: "failed", error: words, problems: [], traceback: null });
  if (options.stopping.aborted) return failed("The platform was stopped during this deployment. Nothing was changed: deploy again.");
  if (error instanceof AppError) return failed(error.message);
  const id = String(deployment._id);
  options.reportBug(error, `deployment ${id}`);
  return failed(`The platform failed, not your app. Deploy again; if it stays, tell the administrator: deployment ${id}.`);
}
