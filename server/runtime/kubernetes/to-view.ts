/** From the API server's objects to what the adapter keeps of them. Pure. Null: not the platform's, or not an app's. */
import type { DeploymentView, PodView, ReplicaSetView, Termination } from "./app-view.ts";
import type { Deployment, Pod, ReplicaSet } from "./client-resources.ts";
import { annotations, containerName, labels, parsePodLabels } from "./names.ts";

const toTime = (text: string | undefined): number => (text === undefined ? 0 : Date.parse(text));
const findTime = (text: string | undefined): number | null => (text === undefined ? null : Date.parse(text));

export function toPodView(pod: Pod): PodView | null {
  const { metadata, spec, status } = pod;
  const known = parsePodLabels(metadata?.labels);
  if (known === null || known.component === "probe" || metadata?.name === undefined) return null;
  const container = status?.containerStatuses?.find(({ name }) => name === containerName);
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    ip: status?.podIP ?? null,
    appId: known.component === "check" ? null : known.appId,
    component: known.component,
    spec: known.spec,
    version: known.version,
    state: known.state ?? "warm",
    claimedAt: findTime(metadata.annotations?.[annotations.claimedAt]),
    owned: (metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === "ReplicaSet" && controller === true),
    deleting: metadata.deletionTimestamp !== undefined,
    ready: (status?.conditions ?? []).some((condition) => condition.type === "Ready" && condition.status === "True"),
    runnerImage: metadata.annotations?.[annotations.runnerImage] ?? "",
    adopted: known.startedWarm && known.state !== "warm",
    restarts: container?.restartCount ?? 0,
    ended: toTermination(container, status?.reason),
    started: hasStarted(container),
    gated: (spec?.schedulingGates ?? []).length > 0,
    node: spec?.nodeName ?? null,
    memoryMiB: toMebibytes(spec?.containers?.find(({ name }) => name === containerName)?.resources?.limits?.["memory"]),
    createdAt: toTime(metadata.creationTimestamp),
  };
}

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

const hasStarted = (container: ContainerStatus | undefined): boolean =>
  [container?.state?.running, container?.state?.terminated, container?.lastState?.terminated].some(Boolean);

/** How the container ended; also of one that was started again since, and of a pod that its node threw out. */
function toTermination(container: ContainerStatus | undefined, podReason: string | undefined): Termination | null {
  const ended = container?.state?.terminated ?? container?.lastState?.terminated;
  if (ended) return { exitCode: ended.exitCode, reason: ended.reason ?? "", message: ended.message ?? "" };
  return podReason === "Evicted" ? { exitCode: 137, reason: podReason, message: "" } : null;
}

/** `256Mi`, as the platform writes it and the API server gives it back. */
const toMebibytes = (quantity: string | undefined): number => Number(/^(\d+)Mi$/.exec(quantity ?? "")?.[1] ?? 0);

export function toDeploymentView(deployment: Deployment): DeploymentView | null {
  const { metadata, spec } = deployment;
  const appId = metadata?.labels?.[labels.app];
  if (appId === undefined || metadata?.name === undefined) return null;
  const asleep = metadata.annotations?.[annotations.asleep];
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    appId,
    // Of the template, not of the Deployment: it is what pods are made from.
    spec: spec?.template?.metadata?.labels?.[labels.spec] ?? "",
    version: Number(metadata.labels?.[labels.version] ?? 0),
    replicas: spec?.replicas ?? 1,
    asleep: asleep === "idle" || asleep === "asked" ? asleep : null,
    usedAt: toTime(metadata.annotations?.[annotations.usedAt] ?? metadata.creationTimestamp),
  };
}

export function toReplicaSetView(replicaSet: ReplicaSet): ReplicaSetView | null {
  const { metadata, spec, status } = replicaSet;
  const template = spec?.template?.metadata?.labels;
  const appId = template?.[labels.app];
  const hash = template?.[labels.podTemplateHash];
  if (appId === undefined || hash === undefined || metadata?.name === undefined) return null;
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    appId,
    spec: template?.[labels.spec] ?? "",
    hash,
    replicas: (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) ? (spec?.replicas ?? 1) : 0,
    revision: Number(metadata.annotations?.[annotations.revision] ?? 0),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
