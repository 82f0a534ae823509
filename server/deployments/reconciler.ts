import type { AppRecords } from "#server/apps/index.ts";
import type { Leases } from "#server/storage/index.ts";
import type { DeploymentModels, DeploymentRecord } from "./models.ts";
import type { Versions } from "./versions.ts";

/** A deployment whose process has not said a word for so long is nobody's. */
export const leaseMs = 15_000;

const leasePrefix = "deployment/";
/** One deployment per app at a time. */
export const leaseOf = (appId: string): string => `${leasePrefix}${appId}`;

/**
 * Ends deployments that a dead process left running. What the app says is live decides: the write that made it live either
 * happened, and the rest is written down, or it did not, and nothing changed.
 */
export function createReconciler({
  models,
  records,
  versions,
  leases,
}: {
  models: DeploymentModels;
  records: AppRecords;
  versions: Versions;
  leases: Leases;
}) {
  const { deployment } = models;

  const settle = async (left: DeploymentRecord): Promise<void> => {
    const id = String(left._id);
    const app = await records.find(left.appId);
    if (app?.live?.deploymentId === id) {
      if (left.version == null) await versions.write(left, app.live.version, app.framework ?? null);
      await deployment.updateOne({ _id: left._id }, { $set: { state: "succeeded", version: app.live.version, finishedAt: new Date() } });
      await records.setLastDeployment(left.appId, { id, state: "succeeded" });
      return;
    }
    const error = "The platform stopped during this deployment. Nothing was changed: deploy again.";
    await deployment.updateOne({ _id: left._id }, { $set: { state: "failed", error, finishedAt: new Date() } });
    if (!app) return;
    // A crash may have come before the app heard of this attempt; ids grow with time.
    if (!app.lastDeployment || app.lastDeployment.id <= id) await records.setLastDeployment(left.appId, { id, state: "failed" });
    if (!app.live) await records.setStatus(left.appId, "error", error, ["deploying"]);
  };

  return {
    /**
     * Settles what is nobody's; `own` are this process's. `alone`: no other process can hold a lease, so that after a crash
     * nobody waits for one to run out. Answers how many.
     */
    async run(own: ReadonlySet<string>, alone: boolean): Promise<number> {
      if (alone) await leases.clear(leasePrefix);
      const left = await deployment.find({ state: "running" }).sort({ createdAt: 1 }).limit(1_000).lean<DeploymentRecord[]>();
      let settled = 0;
      for (const one of left.filter((candidate) => !own.has(String(candidate._id)))) {
        // Whoever carries a deployment out holds its app's lease: that we get it proves that nobody does.
        const lease = await leases.acquire(leaseOf(one.appId), "reconciler", leaseMs);
        if (!lease) continue;
        await settle(one).finally(() => lease.release());
        settled += 1;
      }
      return settled;
    },
  };
}
