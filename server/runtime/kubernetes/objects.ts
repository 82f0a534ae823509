/**
 * The cluster objects of apps, the pool and probes, built from an `InstanceSpec` and the installation's options. Pure: what is not
 * named here is not in them, whatever a user called things. Everything an installation runs for its users passes through here.
 */
import { randomBytes } from "node:crypto";
import type { Files } from "#core/contract/files.ts";
import type { InstanceLimits, InstanceSpec } from "../runtime.ts";
import type { Deployment, ObjectMeta, Pod, Secret } from "./client-resources.ts";
import {
  annotations,
  claimGate,
  configMapName,
  deploymentName,
  labels,
  poolKeyMember,
  poolKeyName,
  poolName,
  refillGate,
} from "./names.ts";
import { claimJson, toItems, toLabels, toSecretName } from "./objects-content.ts";
import { toPodSpec, type PodOptions } from "./objects-pod.ts";
import { toSpecId } from "./spec-id.ts";

export { claimJson, claimOf, toConfigMap, toOwner, toSecret, type Claim, type Owner } from "./objects-content.ts";
export type { PodOptions } from "./objects-pod.ts";

type Template = NonNullable<Deployment["spec"]>["template"];

export interface DeploymentOptions extends PodOptions {
  /** Absent: as many as there are. */
  replicas?: number;
  /** Only their paths matter. */
  files: Files;
  credential: string | null;
}

/** The app's Deployment. Its name, ConfigMap and Secret are those of `names.ts`; the Secret is of the same claim as `toAppClaim`. */
export function toDeployment(spec: InstanceSpec, options: DeploymentOptions): Deployment {
  const id = toSpecId(spec);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: deploymentName(spec.appId),
      namespace: options.namespace,
      labels: { ...toLabels("app", spec.appId), [labels.version]: String(spec.version), [labels.spec]: id },
      annotations: { [annotations.slug]: spec.slug, [annotations.bundle]: spec.bundleHash },
    },
    spec: {
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      // The old version serves until the new one does.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      // Versions are the platform's affair; old ReplicaSets would be objects that nobody asks for.
      revisionHistoryLimit: 0,
      // It cannot be changed later, so it says the least that keeps apps apart.
      selector: { matchLabels: { [labels.app]: spec.appId } },
      template: toAppTemplate(spec, id, options),
    },
  };
}

function toAppTemplate(spec: InstanceSpec, id: string, options: DeploymentOptions): Template {
  return {
    metadata: {
      labels: {
        ...toLabels("app", spec.appId),
        [labels.version]: String(spec.version),
        [labels.spec]: id,
        [labels.state]: "serving",
        [labels.start]: "serve",
      },
    },
    spec: toPodSpec(
      {
        start: "serve",
        gate: claimGate,
        limits: spec.limits,
        hasDoor: true,
        restart: "Always",
        mounted: {
          configMap: configMapName(spec.appId, spec.bundleHash),
          secret: toSecretName(spec.appId, toAppClaim(spec, options.credential)),
          items: toItems(Object.keys(options.files)),
        },
      },
      options,
    ),
  };
}

/** The claim that the pods of the app's Deployment start with: `toSecret` keeps it. */
export const toAppClaim = (spec: InstanceSpec, credential: string | null): string =>
  claimJson(spec, { mode: "serve", instance: null, credential });

/** 32 random bytes in base64url. */
const leastKeyCharacters = 43;

/** Generic warm pods; `replicas` absent: as many as there are. */
export function toPoolDeployment(
  limits: Pick<InstanceLimits, "memoryMiB" | "cpus">,
  options: PodOptions & { replicas?: number },
): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: poolName, namespace: options.namespace, labels: toLabels("pool") },
    spec: {
      ...(options.replicas === undefined ? {} : { replicas: options.replicas }),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      revisionHistoryLimit: 0,
      // A claim changes both, and the pool's ReplicaSet lets go of the pod.
      selector: { matchLabels: { [labels.component]: "pool", [labels.state]: "warm" } },
      template: {
        metadata: { labels: toWarmLabels("pool"), annotations: { [annotations.runnerImage]: options.image } },
        spec: toPodSpec({ start: "warm", gate: refillGate, limits, hasDoor: true, restart: "Always" }, options),
      },
    },
  };
}

const toWarmLabels = (component: "pool" | "app" | "check"): Record<string, string> => ({
  ...toLabels(component),
  [labels.state]: "warm",
  [labels.start]: "warm",
});

/** The key that warm pods and the platform prove themselves with, as text: what pods find in `FP_POOL_KEY`. At least 43 characters. */
export function toPoolKey(key: string, { namespace }: { namespace: string }): Secret {
  if (key.length < leastKeyCharacters) throw new Error("the pool's key is too short");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: poolKeyName, namespace, labels: toLabels("pool") },
    type: "Opaque",
    data: { [poolKeyMember]: Buffer.from(key).toString("base64") },
  };
}

/**
 * A warm pod of its own: for limits that the pool has not, and for when it is empty. It belongs to nobody until it is claimed.
 * `id`: lower-case letters and digits, part of its name.
 */
export function toWarmPod(
  plan: { component: "app" | "check"; limits: Pick<InstanceLimits, "memoryMiB" | "cpus">; id?: string },
  options: PodOptions,
): Pod {
  const id = plan.id ?? randomBytes(6).toString("hex");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${plan.component}-warm-${id}`, namespace: options.namespace, labels: toWarmLabels(plan.component) },
    spec: toPodSpec({ start: "warm", limits: plan.limits, hasDoor: plan.component === "app", restart: "Never" }, options),
  };
}

export interface ClaimPatch {
  component: "app" | "check";
  appId: string;
  spec: string;
  version: number;
  state: "loading" | "serving";
  /** `pod-template-hash` of the ReplicaSet that is to take the pod over; null: none yet. */
  podTemplateHash: string | null;
  /** Now. */
  claimedAt: Date;
}

/** The merge patch that makes a warm pod an app's, or lets a claimed one join its ReplicaSet. */
export function toClaimPatch(claim: ClaimPatch): {
  metadata: { labels: Record<string, string | null>; annotations: Record<string, string> };
} {
  return {
    metadata: {
      labels: {
        ...toLabels(claim.component, claim.appId),
        [labels.spec]: claim.spec,
        [labels.version]: String(claim.version),
        [labels.state]: claim.state,
        [labels.podTemplateHash]: claim.podTemplateHash,
      },
      // Of it and the one that the Deployment has begun to start, the other goes.
      annotations: { [annotations.deletionCost]: "1000", [annotations.claimedAt]: claim.claimedAt.toISOString() },
    },
  };
}

export interface ProbePods {
  listener: Pod;
  /** Made once the listener's address is known. */
  connector(address: string): Pod;
}

/** Enough to start Python; they end by themselves when nobody deletes them. */
const probeLimits = { memoryMiB: 64, cpus: 0.5 };
const probeLifeSeconds = 180;
const probePort = 8000;

/** Two pods that must not reach each other: the first is ready when it listens, by the kubelet's word, which no policy stops. */
export function toProbePods(id: string, options: PodOptions): ProbePods {
  const toPod = (role: "listen" | "connect", args: readonly string[]): Pod => {
    const spec = toPodSpec({ start: "warm", limits: probeLimits, hasDoor: false, restart: "Never" }, options);
    const [container] = spec.containers;
    const metadata: ObjectMeta = {
      name: `probe-${id}-${role}`,
      namespace: options.namespace,
      labels: { ...toLabels("probe"), [labels.probe]: id },
    };
    const { readinessProbe: _, env: __, ...rest } = container!;
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        ...spec,
        activeDeadlineSeconds: probeLifeSeconds,
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            ...rest,
            args: ["probe", ...args],
            ports: [{ name: "probe", containerPort: probePort, protocol: "TCP" }],
            ...(role === "listen" ? { readinessProbe: { tcpSocket: { port: probePort }, periodSeconds: 1 } } : {}),
          },
        ],
      },
    };
  };
  return {
    listener: toPod("listen", ["listen", String(probePort)]),
    connector: (address) => toPod("connect", ["connect", address, String(probePort)]),
  };
}
