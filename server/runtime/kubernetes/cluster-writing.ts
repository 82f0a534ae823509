/** What the adapter changes on the cluster. */
import { AppError } from "#core/contract/problem.ts";
import type { InstanceSpec } from "../runtime.ts";
import type { Reading } from "./cluster-reading.ts";
import type { ConfigMap, Deployment, Secret } from "./client-resources.ts";
import { annotations, deploymentName, labels, managedBy } from "./names.ts";
import { toAppClaim, toClaimPatch, toConfigMap, toDeployment, toOwner, toPoolDeployment, toSecret, toWarmPod } from "./objects.ts";
import type { ClusterContext, OpenCluster } from "./open-cluster.ts";

export type Writing = Omit<OpenCluster, keyof Reading | "poolKey" | "lead" | "close">;

/** The calls that change the cluster; each notes what the API server answered. */
export function createWriting(context: ClusterContext): Writing {
  const { client, views, podOptions, options, notePod, noteDeployment } = context;
  const credentialOf = (appId: string): string | null => options.door?.credentialOf(appId) ?? null;
  const build = async (spec: InstanceSpec, replicas: number): Promise<Deployment> =>
    toDeployment(spec, { ...podOptions, replicas, files: await spec.readFiles(), credential: credentialOf(spec.appId) });

  const scale: Writing["scale"] = async (appId, from, to, asleep) => {
    const patch = {
      metadata: {
        annotations: { [annotations.usedAt]: new Date().toISOString(), [annotations.asleep]: to === 0 ? (asleep ?? null) : null },
      },
      spec: { replicas: to },
    };
    if (from === null) {
      const patched = await client.patch("deployments", deploymentName(appId), patch);
      if (patched) noteDeployment(patched);
      return Boolean(patched);
    }
    let known = views.of(appId).deployment;
    for (let tries = 0; known !== null && known.replicas === from && tries < 5; tries += 1) {
      const patched = await client.patch("deployments", known.name, patch, { resourceVersion: known.resourceVersion });
      if (patched === null) return false;
      if (patched !== false) {
        noteDeployment(patched);
        return true;
      }
      // Its status changes too; only somebody else's number of instances is a lost race.
      const fresh = await client.get("deployments", known.name);
      known = fresh ? noteDeployment(fresh) : null;
    }
    return false;
  };

  return {
    scale,
    async createDeployment(spec, replicas) {
      const wanted = await build(spec, replicas);
      const made = await client.create(wanted);
      if (made) return noteDeployment(made);
      // One that somebody took the labels from is not seen: applied, it is the app's again.
      const there = await client.get("deployments", deploymentName(spec.appId));
      return there && !isSeen(there) ? noteDeployment(await client.apply(wanted)) : null;
    },
    async applyDeployment(spec, replicas) {
      return noteDeployment(await client.apply(await build(spec, replicas)));
    },
    async repairDeployment(spec, { resourceVersion }) {
      const wanted = await build(spec, 1);
      const repaired = await client.applyKnown({ ...wanted, metadata: { ...wanted.metadata, resourceVersion } });
      return repaired ? noteDeployment(repaired) : null;
    },
    async writeFiles(spec, { uid }) {
      const owned = { namespace: podOptions.namespace, owner: toOwner(spec.appId, uid) };
      const secret = toSecret(spec, toAppClaim(spec, credentialOf(spec.appId)), owned);
      await Promise.all([client.create(toConfigMap(spec, await spec.readFiles(), owned)), client.create(secret)]);
    },
    async dropFiles(appId) {
      const selection = { labelSelector: `${labels.app}=${appId}` };
      const [deployment, configMaps, secrets] = await Promise.all([
        client.get("deployments", deploymentName(appId)),
        client.list("configmaps", selection),
        client.list("secrets", selection),
      ]);
      const volumes = deployment?.spec?.template.spec?.volumes ?? [];
      const used = new Set(volumes.flatMap(({ configMap, secret }) => [configMap?.name, secret?.secretName]));
      const unused = ({ metadata }: ConfigMap | Secret): boolean => !used.has(metadata?.name);
      await Promise.all([
        ...configMaps.items.filter(unused).map(({ metadata }) => client.delete("configmaps", metadata?.name ?? "")),
        ...secrets.items.filter(unused).map(({ metadata }) => client.delete("secrets", metadata?.name ?? "")),
      ]);
    },
    async claim(pod, { appId, spec, version, state, replicaSet }) {
      const component = pod.component === "check" ? "check" : "app";
      const patch = toClaimPatch({
        component,
        appId,
        spec,
        version,
        state,
        podTemplateHash: replicaSet?.hash ?? null,
        claimedAt: new Date(),
      });
      const claimed = await client.patch("pods", pod.name, patch, { resourceVersion: pod.resourceVersion });
      return claimed ? notePod(claimed) : null;
    },
    async createWarmPod(limits, component) {
      const made = await client.create(toWarmPod({ component, limits }, podOptions));
      const view = made && notePod(made);
      if (!view)
        throw new AppError("runtime_unavailable", "The cluster has a pod of that name already: try again", { retryAfterSeconds: 1 });
      return view;
    },
    async release(pod) {
      const released = await client.patch("pods", pod.name, { spec: { schedulingGates: null } }, { resourceVersion: pod.resourceVersion });
      if (released) notePod(released);
      return released !== false;
    },
    async deletePod(pod, graceSeconds) {
      await client.delete("pods", pod.name, { ...(graceSeconds === undefined ? {} : { graceSeconds }), uid: pod.uid });
    },
    async removeApp(appId) {
      await client.delete("deployments", deploymentName(appId));
      await Promise.all(views.of(appId).pods.map((pod) => client.delete("pods", pod.name, { graceSeconds: 1, uid: pod.uid })));
    },
    async applyPool(replicas) {
      await client.apply(toPoolDeployment(options.poolLimits, { ...podOptions, replicas }));
    },
    async park(appId) {
      const known = views.of(appId).deployment;
      if (known === null || known.replicas > 0) return;
      await client.delete("deployments", known.name, { uid: known.uid, resourceVersion: known.resourceVersion });
    },
    provePolicies: (signal) => context.policies.prove(podOptions, signal),
  };
}

/** By the informers, which select by label. */
const isSeen = ({ metadata }: Deployment): boolean =>
  metadata?.labels?.[labels.managedBy] === managedBy && metadata.labels[labels.app] !== undefined;
