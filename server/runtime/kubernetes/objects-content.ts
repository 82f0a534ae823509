/** What an app's pods start from: its files in a ConfigMap, its claim with all secrets in a Secret. Pure. */
import { createHash } from "node:crypto";
import { AppError } from "#core/contract/problem.ts";
import type { FileContent, Files } from "#core/contract/files.ts";
import { formatBytes, timeLimits } from "#core/limits.ts";
import type { InstanceSpec } from "../runtime.ts";
import type { ConfigMap, ObjectMeta, Secret } from "./client-resources.ts";
import { configMapName, deploymentName, labels, managedBy, requireAppId, secretName, type Component } from "./names.ts";

/** Bounds of the API server (`MaxSecretSize`; ConfigMaps have the same): keys and values together. */
const contentBytesMost = 1_048_576;
/** The member of an app's Secret. */
export const claimMember = "claim.json";

/** The Deployment that an object belongs to: when it is deleted, so are they. */
export interface Owner {
  name: string;
  uid: string;
}

export interface ClaimOptions {
  mode: "serve" | "check";
  /** The pod's name; null where it is not known yet, and the pod says it itself. */
  instance: string | null;
  /** What opens the door for this app; null: it has none. */
  credential: string | null;
  /** Absent for pods that have them mounted. */
  files?: Files;
  /** Default: as long as a deployment may take. */
  loadMs?: number;
}

/** All that a pod must know to be the app's, as the hand-off sends it and a Secret keeps it. */
export interface Claim {
  mode: "serve" | "check";
  instance: string | null;
  appId: string;
  slug: string;
  version: number;
  entrypoint: string;
  env: Readonly<Record<string, string>>;
  database: { name: string; username: string; password: string } | null;
  sessionKey: string;
  concurrency: number;
  loadMs: number;
  memoryMiB: number;
  door: { credential: string } | null;
  files?: Files;
}

export function claimOf(spec: InstanceSpec, options: ClaimOptions): Claim {
  const { database } = spec;
  return {
    mode: options.mode,
    instance: options.instance,
    appId: spec.appId,
    slug: spec.slug,
    version: spec.version,
    entrypoint: spec.entrypoint,
    env: Object.fromEntries(Object.entries(spec.env).sort(([left], [right]) => (left < right ? -1 : 1))),
    database: database && { name: database.name, username: database.username, password: database.password },
    sessionKey: spec.sessionKey,
    concurrency: spec.limits.concurrency,
    loadMs: options.loadMs ?? timeLimits.loadMs,
    memoryMiB: spec.limits.memoryMiB,
    door: options.credential === null ? null : { credential: options.credential },
    ...(options.files === undefined ? {} : { files: options.files }),
  };
}

/** The claim as text: the same for the same content, whatever the order of the variables. */
export const claimJson = (spec: InstanceSpec, options: ClaimOptions): string => JSON.stringify(claimOf(spec, options));

/** The labels of what is an app's. */
export const toLabels = (component: Component, appId?: string): Record<string, string> => ({
  [labels.managedBy]: managedBy,
  [labels.component]: component,
  ...(appId === undefined ? {} : { [labels.app]: requireAppId(appId) }),
});

export function toOwnedMeta(name: string, namespace: string, appId: string, owner: Owner): ObjectMeta {
  return {
    name,
    namespace,
    labels: toLabels("app", appId),
    ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: owner.name, uid: owner.uid }],
  };
}

/** Which key of the ConfigMap holds which file: what a pod's volume maps back. Sorted by path. */
export const toItems = (paths: readonly string[]): { key: string; path: string }[] =>
  paths.toSorted().map((path) => ({ key: toFileKey(path), path }));

/**
 * A key may have 253 characters of a small alphabet, a path more and of any: a hash keeps keys apart, the path's end lets people read
 * `kubectl describe`.
 */
export function toFileKey(path: string): string {
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 20);
  return `${hash}-${path.replaceAll(/[^-_a-zA-Z0-9.]/g, "_").slice(-100)}`;
}

/** The files of one bundle, never changed. @throws AppError `payload_too_large` above a ConfigMap's 1 MiB. */
export function toConfigMap(spec: InstanceSpec, files: Files, { namespace, owner }: { namespace: string; owner: Owner }): ConfigMap {
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  let bytes = 0;
  for (const path of Object.keys(files).toSorted()) {
    const key = toFileKey(path);
    const content: FileContent = files[path]!;
    if (typeof content === "string") data[key] = content;
    else binaryData[key] = Buffer.from(content.base64, "base64").toString("base64");
    bytes +=
      key.length +
      Buffer.byteLength(typeof content === "string" ? content : content.base64, typeof content === "string" ? "utf8" : "base64");
  }
  requireContentSize("The app's files", "a ConfigMap", bytes);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: toOwnedMeta(configMapName(spec.appId, spec.bundleHash), namespace, spec.appId, owner),
    immutable: true,
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
  };
}

/** The name of the Secret that `toSecret` makes for this claim; its template needs it before. */
export const toSecretName = (appId: string, claim: string): string => secretName(appId, createHash("sha256").update(claim).digest("hex"));

/** The claim (`claimJson`, without files) of one version, never changed. @throws AppError `payload_too_large` above a Secret's 1 MiB. */
export function toSecret(spec: InstanceSpec, claim: string, { namespace, owner }: { namespace: string; owner: Owner }): Secret {
  const bytes = Buffer.from(claim);
  requireContentSize("The app's variables", "a Secret", bytes.length + claimMember.length);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: toOwnedMeta(toSecretName(spec.appId, claim), namespace, spec.appId, owner),
    type: "Opaque",
    immutable: true,
    data: { [claimMember]: bytes.toString("base64") },
  };
}

function requireContentSize(what: string, where: string, bytes: number): void {
  if (bytes <= contentBytesMost) return;
  throw new AppError(
    "payload_too_large",
    `${what} are ${formatBytes(bytes)}; on a cluster they are kept in ${where}, which holds ${formatBytes(contentBytesMost)}. Make them smaller.`,
  );
}

/** Whose Deployment that is, for those who write the rest. */
export const toOwner = (appId: string, uid: string): Owner => ({ name: deploymentName(appId), uid });
