/** The kinds of object that the adapter deals with: where the API has them and what they hold. Types only come from the client library. */
import type {
  CoreV1Event,
  V1ConfigMap,
  V1Deployment,
  V1Lease,
  V1NetworkPolicy,
  V1Pod,
  V1ReplicaSet,
  V1Secret,
} from "@kubernetes/client-node";

/** As it travels: the library's classes turn times into `Date`, JSON has them as text. */
export type Plain<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T;

export type Pod = Plain<V1Pod>;
export type PodSpec = NonNullable<Pod["spec"]>;
export type Deployment = Plain<V1Deployment>;
export type ReplicaSet = Plain<V1ReplicaSet>;
export type ConfigMap = Plain<V1ConfigMap>;
export type Secret = Plain<V1Secret>;
export type Lease = Plain<V1Lease>;
export type NetworkPolicy = Plain<V1NetworkPolicy>;
export type ClusterEvent = Plain<CoreV1Event>;
export type ObjectMeta = NonNullable<Pod["metadata"]>;

export interface Resources {
  pods: Pod;
  deployments: Deployment;
  replicasets: ReplicaSet;
  configmaps: ConfigMap;
  secrets: Secret;
  events: ClusterEvent;
  leases: Lease;
  networkpolicies: NetworkPolicy;
}

export type Resource = keyof Resources;

/** What every object has. */
export interface ClusterObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** Group with version, kind, and how a person calls it. */
export const resources = {
  pods: { apiVersion: "v1", kind: "Pod" },
  deployments: { apiVersion: "apps/v1", kind: "Deployment" },
  replicasets: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  configmaps: { apiVersion: "v1", kind: "ConfigMap" },
  secrets: { apiVersion: "v1", kind: "Secret" },
  events: { apiVersion: "v1", kind: "Event" },
  leases: { apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
  networkpolicies: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
} as const satisfies Record<Resource, { apiVersion: string; kind: string }>;

/** The resource whose objects have this kind. */
export function findResource(kind: string | undefined): Resource | null {
  for (const resource of Object.keys(resources) as Resource[]) if (resources[resource].kind === kind) return resource;
  return null;
}

/** `/apis/apps/v1/namespaces/<namespace>/deployments/<name>`. */
export function toPath(resource: Resource, namespace: string, name?: string): string {
  const { apiVersion } = resources[resource];
  const base = `${apiVersion.includes("/") ? "/apis" : "/api"}/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  return name === undefined ? base : `${base}/${encodeURIComponent(name)}`;
}
