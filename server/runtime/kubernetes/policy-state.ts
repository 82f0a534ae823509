/** Whether this cluster enforces NetworkPolicies: tried by the worker, kept in a ConfigMap, known to every process of the platform. */
import type { Isolation } from "../runtime.ts";
import type { ClusterClient } from "./client.ts";
import type { ConfigMap } from "./client-resources.ts";
import { createInformer } from "./informer.ts";
import { policyStateName } from "./names.ts";
import { toLabels } from "./objects-content.ts";
import type { PodOptions } from "./objects-pod.ts";
import { probeNetworkPolicies } from "./probe.ts";

export interface PolicyState {
  /** Resolves when what is kept is known. */
  read(): Promise<void>;
  isolation(): Isolation;
  prove(options: PodOptions, signal: AbortSignal): Promise<void>;
}

interface Kept {
  enforced: boolean;
  detail: string;
  at: string;
}

export function createPolicyState(client: ClusterClient, signal: AbortSignal, onChange: () => void): PolicyState {
  const informer = createInformer<ConfigMap, Kept>({
    source: client.source("configmaps", { fieldSelector: `metadata.name=${policyStateName}` }),
    project: ({ data = {} }) => ({ enforced: data["enforced"] === "true", detail: data["detail"] ?? "", at: data["at"] ?? "" }),
  });
  informer.onChange(onChange);
  void informer.start(signal);
  return {
    read: () => informer.synced,
    isolation: () => toIsolation(informer.get(policyStateName)),
    async prove(options, until) {
      const { enforced, detail } = await probeNetworkPolicies({ client, options, signal: until });
      const kept: ConfigMap = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: policyStateName, namespace: client.namespace, labels: toLabels("probe") },
        data: { enforced: String(enforced), detail, at: new Date().toISOString() },
      };
      informer.note(await client.apply(kept));
    },
  };
}

function toIsolation(kept: Kept | undefined): Isolation {
  if (!kept)
    return {
      level: "none",
      limits: "cgroup",
      detail: "Whether this cluster enforces NetworkPolicies is being tried. Until it is known, only administrators deploy",
    };
  if (kept.enforced)
    return {
      level: "sandbox",
      limits: "cgroup",
      detail:
        "Each app runs in pods of its own, without privileges, and reaches nothing but its database and the egress proxy (NetworkPolicies hold: tried with two pods)",
    };
  return {
    level: "none",
    limits: "cgroup",
    detail: `This cluster does not enforce NetworkPolicies, so apps could reach each other and the platform: only administrators deploy, and no pods are kept warm. ${kept.detail}`,
  };
}
