/**
 * What the platform's objects are called and labelled on a cluster, and the way back from a name to the app. Pure. Labels are the
 * truth; names are made so that `kubectl get` reads well and two versions never share an object.
 */
import { AppError } from "#core/contract/problem.ts";

/** Who the API server's records of field ownership say made a change. */
export const fieldManager = "fastapi-platform";

/** Container of the app, in every pod of the platform. */
export const containerName = "runner";
/** Where an app answers HTTP once it serves. */
export const appPort = 8000;
/** Where pid 1 of a pod answers hand-offs and readiness. */
export const controlPort = 8001;

export const labels = {
  managedBy: "app.kubernetes.io/managed-by",
  /** `app`, `pool`, `check`, `probe`. */
  component: "app.kubernetes.io/component",
  app: "fastapi-platform/app",
  /** The version's number, in decimal. */
  version: "fastapi-platform/version",
  /** `toSpecId` of what the pod runs. */
  spec: "fastapi-platform/spec",
  /** Of a pod: `warm`, `loading`, `serving`. */
  state: "fastapi-platform/state",
  /** How the pod started: `warm` waits for files and loses them with its container; `serve` has them mounted. */
  start: "fastapi-platform/start",
  /** Of the pods of one run of the NetworkPolicy probe. */
  probe: "fastapi-platform/probe",
  /** Kubernetes' own: which template of a Deployment a pod is of. */
  podTemplateHash: "pod-template-hash",
} as const;

export const annotations = {
  slug: "fastapi-platform/slug",
  /** SHA-256 of the bundle, whole. */
  bundle: "fastapi-platform/bundle",
  /** Of a Deployment without instances: `idle` or `asked`. */
  asleep: "fastapi-platform/asleep",
  /** Of a Deployment: when its app was last awake, ISO 8601. */
  usedAt: "fastapi-platform/used-at",
  /** Of the pool's pods: the runner's image as the platform named it, whatever an admission webhook made of it. */
  runnerImage: "fastapi-platform/runner-image",
  /** Of a warm pod: when it became an app's, ISO 8601. */
  claimedAt: "fastapi-platform/claimed-at",
  /** Kubernetes' own: counts a Deployment's templates, on each of its ReplicaSets. */
  revision: "deployment.kubernetes.io/revision",
  /** Kubernetes' own: of two pods of a ReplicaSet the cheaper goes first. */
  deletionCost: "controller.kubernetes.io/pod-deletion-cost",
} as const;

/**
 * Holds back the pod that a ReplicaSet makes for a wake until the platform finds that no warm pod takes its place: what is not scheduled
 * costs a node nothing, and of two pods the ReplicaSet ends the one that has no node. Scheduling gates are in Kubernetes since 1.27.
 */
export const claimGate = "fastapi-platform/warm-pod-first";
/** Holds back the pod that the pool gets for one that was claimed, until the wake that claimed it is over. */
export const refillGate = "fastapi-platform/wake-first";

export type Component = "app" | "pool" | "check" | "probe";

export const managedBy = "fastapi-platform";
/** Selects everything that the platform made. */
export const ownSelector = `${labels.managedBy}=${managedBy}`;

export const poolName = "pool";
export const poolKeyName = "pool-key";
/** The member of the Secret `pool-key`. */
export const poolKeyMember = "key";
export const leaseName = "fastapi-platform-worker";
/** The ConfigMap that says whether NetworkPolicies hold. */
export const policyStateName = "network-policies";

/** A DNS label with room for what is put before and behind it: a ReplicaSet and its pods add 17 characters to 63. */
const appIdForm = /^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
const hashForm = /^[0-9a-f]{10,}$/;
const shortHashDigits = 10;

/** @throws AppError `invalid_input` for an id that cannot be part of an object's name. */
export function requireAppId(appId: string): string {
  if (!appIdForm.test(appId))
    throw new AppError("invalid_input", `${JSON.stringify(appId.slice(0, 80))} cannot be an app's id on a cluster`);
  return appId;
}

export const deploymentName = (appId: string): string => `app-${requireAppId(appId)}`;
/** `bundleHash`: hexadecimal, whole. */
export const configMapName = (appId: string, bundleHash: string): string => `${deploymentName(appId)}-code-${shortHash(bundleHash)}`;
/** `contentHash`: of the Secret's content, hexadecimal. */
export const secretName = (appId: string, contentHash: string): string => `${deploymentName(appId)}-env-${shortHash(contentHash)}`;

function shortHash(hash: string): string {
  if (!hashForm.test(hash)) throw new AppError("invalid_input", `${JSON.stringify(hash.slice(0, 80))} is not a hash in hexadecimal`);
  return hash.slice(0, shortHashDigits);
}

/** The app whose Deployment is called so, or null. */
export function parseDeploymentName(name: string): string | null {
  const appId = /^app-(.+)$/.exec(name)?.[1];
  return appId !== undefined && appIdForm.test(appId) ? appId : null;
}

export const parseConfigMapName = (name: string): { appId: string; bundle: string } | null => {
  const parsed = parseOwned(name, "code");
  return parsed && { appId: parsed.appId, bundle: parsed.hash };
};

export const parseSecretName = (name: string): { appId: string; content: string } | null => {
  const parsed = parseOwned(name, "env");
  return parsed && { appId: parsed.appId, content: parsed.hash };
};

function parseOwned(name: string, kind: "code" | "env"): { appId: string; hash: string } | null {
  const match = /^app-(.+)-(code|env)-([0-9a-f]{10})$/.exec(name);
  const [, appId, found, hash] = match ?? [];
  return appId !== undefined && hash !== undefined && found === kind && appIdForm.test(appId) ? { appId, hash } : null;
}

export interface PodLabels {
  component: Component;
  appId: string | null;
  version: number;
  spec: string;
  state: "warm" | "loading" | "serving" | null;
  /** It waited for its files: they are lost with its container. */
  startedWarm: boolean;
  podTemplateHash: string | null;
}

const components: readonly string[] = ["app", "pool", "check", "probe"] satisfies Component[];
const states: readonly string[] = ["warm", "loading", "serving"];

/** What a pod's (or a ReplicaSet's template's) labels say, or null when it is not the platform's. */
export function parsePodLabels(given: Readonly<Record<string, string>> | undefined): PodLabels | null {
  const component = given?.[labels.component];
  if (!given || given[labels.managedBy] !== managedBy || component === undefined || !components.includes(component)) return null;
  const state = given[labels.state];
  const version = Number(given[labels.version] ?? 0);
  return {
    component: component as Component,
    appId: given[labels.app] ?? null,
    version: Number.isSafeInteger(version) && version >= 0 ? version : 0,
    spec: given[labels.spec] ?? "",
    state: state !== undefined && states.includes(state) ? (state as PodLabels["state"]) : null,
    startedWarm: given[labels.start] === "warm",
    podTemplateHash: given[labels.podTemplateHash] ?? null,
  };
}
