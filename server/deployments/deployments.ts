import { Types } from "mongoose";
import type { Deployment } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";
import type { AppRecord, AppRecords, Apps, DraftHosts, LiveApp } from "#server/apps/index.ts";
import type { Runtime, SpecSource } from "#server/runtime/runtime.ts";
import { afterCursor, createLeases, toPage, type Storage } from "#server/storage/index.ts";
import { createAttempts } from "./attempts.ts";
import { createFollower } from "./follow.ts";
import type { Deployments } from "./index.ts";
import { deploymentModels, type DeploymentRecord } from "./models.ts";
import { Progress } from "./progress.ts";
import { createReconciler } from "./reconciler.ts";
import { makeSpec, type SpecOptions } from "./spec.ts";
import { toDeployment } from "./to-deployment.ts";
import { createVersions, type Versions } from "./versions.ts";

export interface DeploymentsOptions {
  storage: Storage;
  apps: Apps;
  records: AppRecords;
  draftHosts: DraftHosts;
  spec: SpecOptions;
  /** What is live of an app, from memory; undefined when the database must be asked. */
  findLive: (appId: string) => LiveApp | undefined;
  runtime: () => Runtime;
  namesOf: (ids: readonly string[]) => Promise<Map<string, string>>;
  /** Why `userId` may not deploy now, or null: apps that are not isolated are for admins only. */
  refusal: (userId: string) => Promise<string | null>;
  reportBug: (error: unknown, where: string) => void;
  stopping: AbortSignal;
}

export interface DeploymentsDomain {
  deployments: Deployments;
  versions: Versions;
  specOf: SpecSource;
  removeAppData(appId: string): Promise<void>;
  /** Carries on or ends what other processes left when they died; `alone` when there can be no other process. */
  reconcile(options: { alone: boolean }): Promise<number>;
  /** Waits for the deployments of this process. */
  settle(): Promise<void>;
}

/** Makes the deployments domain; its collections and indexes exist when this resolves. */
export async function createDeployments(options: DeploymentsOptions): Promise<DeploymentsDomain> {
  const { apps, records } = options;
  const models = deploymentModels(options.storage.connection);
  for (const model of Object.values(models)) {
    await model.createCollection();
    await model.syncIndexes();
  }
  const versions = createVersions(models, options.namesOf);
  const leases = createLeases(options.storage.connection);
  const attempts = createAttempts({
    models,
    leases,
    run: () => ({ runtime: options.runtime(), records, versions, spec: options.spec }),
    refusal: options.refusal,
    requireRoom: options.storage.requireRoom,
    reportBug: options.reportBug,
    stopping: options.stopping,
  });
  const follower = createFollower(models, options.storage.replicated);
  const reconciler = createReconciler({ models, records, versions, leases });
  const urlOf = options.spec.urlOf;

  const requireDeployment = async (ownerId: string, id: string): Promise<DeploymentRecord> => {
    const found = Types.ObjectId.isValid(id) ? await models.deployment.findOne({ _id: id, ownerId }).lean<DeploymentRecord>() : null;
    if (!found) throw new AppError("not_found", "There is no such deployment. They are kept for 30 days.");
    return found;
  };

  const requireLive = async (ownerId: string, ref: string): Promise<AppRecord & { live: NonNullable<AppRecord["live"]> }> => {
    const app = await records.requireHost(ownerId, ref);
    if (!app.live) throw new AppError("not_deployed", "This app was never deployed. Deploy it first.");
    return { ...app, live: app.live };
  };

  /** Saves `files` as the draft when given, and checks what would be deployed. @throws AppError `validation_failed`. */
  const checkDraft = async (owner: { id: string }, ref: string, files: Files | undefined) => {
    const progress = new Progress();
    progress.add("validating", "started", "Checking the files.");
    const app = await records.require(owner.id, ref);
    const deployed = files ?? (await records.readBundle(app.draft.hash));
    // A draft that breaks a rule of sizes and paths cannot be kept; one with an error in its code is.
    const [check, saved] = await Promise.all([
      apps.validateFiles(deployed, app.entrypoint),
      files ? apps.saveDraft(owner.id, String(app._id), { files }) : null,
    ]);
    const error = check.problems.find((problem) => problem.severity === "error");
    if (error) {
      const kept = app.live ? "the live version serves on" : "nothing was deployed";
      throw new AppError("validation_failed", `${error.message} The draft is saved; ${kept}.`, { problems: check.problems });
    }
    progress.add("validating", "succeeded", warningWords(check.problems.length));
    return { app, framework: check.framework ?? null, hash: saved?.draftHash ?? app.draft.hash, files: deployed, progress };
  };

  const deployments: Deployments = {
    async start(owner, ref, { files, source, message = "" }) {
      const { app, framework, hash, ...rest } = await checkDraft(owner, ref, files);
      const input = { ...rest, kind: "deploy" as const, source, hash, version: null, message };
      return { deploymentId: await attempts.begin(owner, { ...app, framework }, input) };
    },
    async runDraft(owner, ref, { files, source }) {
      const { app, framework, hash, ...rest } = await checkDraft(owner, ref, files);
      const { databases } = options.spec;
      const database = app.databaseId ? (await databases.ensureDraft(app.ownerId, app.databaseId)).id : null;
      const host = await options.draftHosts.ensure({ ...app, draft: { hash, updatedAt: new Date() } }, database);
      const input = { ...rest, kind: "draft" as const, source, hash, version: null, message: "Draft" };
      return { deploymentId: await attempts.begin(owner, { ...host, framework }, input) };
    },
    async rollback(owner, ref, number, source) {
      const app = await records.require(owner.id, ref);
      const version = await versions.require(app, number);
      const message = `Back to version ${number}`;
      return {
        deploymentId: await attempts.begin(owner, app, {
          kind: "rollback",
          source,
          hash: version.hash,
          version: number,
          message,
          progress: new Progress(),
        }),
      };
    },
    async redeployLive(owner, ref, source, message) {
      const app = await records.requireHost(owner.id, ref);
      const draft = app.draftOf == null ? await options.draftHosts.find(app) : app;
      if (draft) await options.runtime().sleep(String(draft._id), { force: true });
      if (!app.live || app.draftOf != null) return { deploymentId: null };
      return {
        deploymentId: await attempts.begin(owner, app, {
          kind: "deploy",
          source,
          hash: app.live.hash,
          version: app.live.version,
          message,
          progress: new Progress(),
        }),
      };
    },
    async get(ownerId, id) {
      const found = await requireDeployment(ownerId, id);
      const app = await records.find(found.appId);
      return toDeployment(found, app ? urlOf(app.slug) : "", attempts.find(id)?.progress.events);
    },
    async list(ownerId, ref, { limit, cursor }) {
      const app = await records.require(ownerId, ref);
      const found = await models.deployment
        .find({ appId: String(app._id), ...afterCursor("createdAt", cursor) })
        .sort({ createdAt: -1, _id: -1 })
        .limit(limit + 1)
        .lean<DeploymentRecord[]>();
      return toPage(
        found,
        limit,
        (one) => one.createdAt,
        (one): Deployment => toDeployment(one, urlOf(app.slug), attempts.find(String(one._id))?.progress.events),
      );
    },
    async *events(ownerId, id, signal) {
      await requireDeployment(ownerId, id);
      const here = attempts.find(id);
      if (here) {
        yield* here.progress.follow(signal);
        // What a follower asks next must be written.
        await here.done;
        return;
      }
      let shown = 0;
      for await (const _ of follower.follow(id, signal)) {
        const found = toDeployment(await requireDeployment(ownerId, id), "", undefined);
        for (const event of found.events.slice(shown)) yield event;
        shown = found.events.length;
        if (found.state !== "running") return;
      }
    },
    async listVersions(ownerId, ref, query) {
      return versions.list(await records.require(ownerId, ref), query);
    },
    async getVersion(ownerId, ref, number) {
      const app = await records.require(ownerId, ref);
      const found = await versions.require(app, number);
      const names = await options.namesOf([found.authorId]);
      return { ...versions.toVersion(found, app, names), files: await records.readBundle(found.hash) };
    },
    async wake(ownerId, ref) {
      await options.runtime().wake(String((await requireLive(ownerId, ref))._id));
    },
    async sleep(ownerId, ref) {
      const app = await records.requireHost(ownerId, ref);
      await options.runtime().sleep(String(app._id), { force: true });
    },
    async restart(ownerId, ref) {
      const app = await requireLive(ownerId, (await records.require(ownerId, ref)).slug);
      const { deploymentId } = await deployments.redeployLive({ id: ownerId }, String(app._id), "api", "Restarted");
      return { deploymentId: deploymentId! };
    },
  };

  return {
    deployments,
    versions,
    async specOf(appId) {
      const app = options.findLive(appId) ?? (await records.find(appId));
      return app?.live ? makeSpec(options.spec, app, app.live.hash, app.live.version, { fromCopies: true }) : null;
    },
    async removeAppData(appId) {
      await models.deployment.deleteMany({ appId });
      await models.version.deleteMany({ appId });
    },
    reconcile: ({ alone }) => reconciler.run(attempts.ids(), alone),
    settle: () => attempts.settle(),
  };
}

const warningWords = (count: number): string => (count === 0 ? "No problems found" : count === 1 ? "1 warning" : `${count} warnings`);
