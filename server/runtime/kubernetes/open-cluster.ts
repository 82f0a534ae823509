/** The cluster as the adapter sees it: watches kept in memory, and the calls that change it. A change of ours is seen here at once. */
import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { AppError } from "#core/contract/problem.ts";
import type { InstanceLimits, Isolation } from "../runtime.ts";
import type { DeploymentView, PodView } from "./app-view.ts";
import { createClusterClient, type ClusterClient } from "./client.ts";
import type { Deployment, Pod } from "./client-resources.ts";
import type { Cluster } from "./cluster.ts";
import { holdLeadership } from "./election.ts";
import { createInformer } from "./informer.ts";
import { leaseName, ownSelector, poolKeyMember, poolKeyName } from "./names.ts";
import { createReading } from "./cluster-reading.ts";
import { createWriting } from "./cluster-writing.ts";
import { toPoolKey, type PodOptions } from "./objects.ts";
import { createPolicyState, type PolicyState } from "./policy-state.ts";
import { toDeploymentView, toPodView, toReplicaSetView } from "./to-view.ts";
import { createViews, type Views } from "./views.ts";

export interface OpenClusterOptions {
  namespace: string;
  runnerImage: string;
  imagePullPolicy?: "IfNotPresent" | "Never" | "Always";
  runtimeClass?: string;
  door: { address: string; credentialOf(appId: string): string } | null;
  poolLimits: InstanceLimits;
  kubeconfig?: string;
  logger: { info(message: string): void; warn(message: string): void };
  signal: AbortSignal;
}

export interface OpenCluster extends Cluster {
  /** What the pool's pods and the platform prove themselves with. */
  readonly poolKey: string;
  isolation(): Isolation;
  /** Calls to the API server so far, by verb and resource. */
  calls(): Readonly<Record<string, number>>;
  deployments(): Iterable<DeploymentView>;
  readLog(pod: string, since: Date | null, signal: AbortSignal): AsyncIterable<string>;
  /** So many warm pods; the Deployment is made when there is none. */
  applyPool(replicas: number): Promise<void>;
  /** Removes a sleeping app's objects; nothing when it was woken meanwhile. */
  park(appId: string): Promise<void>;
  /** Runs `lead` while this process is the one that leads, until `signal` aborts. */
  lead(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Tries with two pods whether NetworkPolicies hold, and keeps the answer for all processes. */
  provePolicies(signal: AbortSignal): Promise<void>;
  /** Something of the app that no watch tells has changed. */
  nudge(appId: string): void;
  close(): Promise<void>;
}

/** Until the watches have everything for the first time. */
const syncTimeoutMs = 30_000;

/** @throws AppError `runtime_unavailable` when the cluster does not answer or refuses the platform. */
export async function openCluster(options: OpenClusterOptions): Promise<OpenCluster> {
  const { namespace, signal, logger } = options;
  const client = await createClusterClient({ kubeconfig: options.kubeconfig, namespace });
  const onAway = (error: Error): void =>
    logger.warn(`The cluster is not heard: ${error.message}. Apps are served from what was known last`);
  const selection = { labelSelector: ownSelector };
  const informers = {
    pods: createInformer({ source: client.source("pods", selection), project: toPodView, onAway }),
    deployments: createInformer({ source: client.source("deployments", selection), project: toDeploymentView, onAway: () => {} }),
    // They have no label of ours but that of their template's pods: the Deployment copies it.
    replicaSets: createInformer({ source: client.source("replicasets", selection), project: toReplicaSetView, onAway: () => {} }),
  };
  const views = createViews(informers);
  const ended = Promise.all(Object.values(informers).map((informer) => informer.start(signal)));
  const policies = createPolicyState(client, signal, () => views.nudge(null));
  const [poolKey] = await within(
    Promise.all([ensurePoolKey(client), policies.read(), ...Object.values(informers).map((informer) => informer.synced)]),
    syncTimeoutMs,
    client.server,
  );
  const podOptions: PodOptions = {
    namespace,
    image: options.runnerImage,
    door: options.door && (await toAddress(options.door.address)),
    ...(options.imagePullPolicy ? { imagePullPolicy: options.imagePullPolicy } : {}),
    ...(options.runtimeClass ? { runtimeClass: options.runtimeClass } : {}),
  };
  const context: ClusterContext = {
    client,
    views,
    policies,
    podOptions,
    options,
    notePod: (pod) => (informers.pods.note(pod), toPodView(pod)),
    noteDeployment: (deployment) => (informers.deployments.note(deployment), toDeploymentView(deployment)!),
    pods: informers.pods,
    deployments: informers.deployments,
  };
  return {
    ...createReading(context),
    ...createWriting(context),
    poolKey,
    lead: (onLead, until) =>
      holdLeadership(
        {
          client,
          name: leaseName,
          identity: `${hostname()}-${randomBytes(4).toString("hex")}`,
          onLead,
          onAway: (error) => logger.warn(`The lease of the leader is not reached: ${error.message}`),
        },
        until,
      ),
    async close() {
      await ended;
      client.close();
    },
  };
}

/** What reading and writing share. */
export interface ClusterContext {
  client: ClusterClient;
  views: Views;
  policies: PolicyState;
  podOptions: PodOptions;
  options: OpenClusterOptions;
  notePod(pod: Pod): PodView | null;
  noteDeployment(deployment: Deployment): DeploymentView;
  pods: { get(name: string): PodView | undefined; values(): Iterable<PodView> };
  deployments: { values(): Iterable<DeploymentView> };
}

/** Pods resolve no names, so they are told the address behind it: a Service's own, which stays. */
async function toAddress(door: string): Promise<string> {
  const { hostname: host, port } = new URL(`tcp://${door}`);
  try {
    return `${(await lookup(host, { family: 4 })).address}:${port}`;
  } catch (error) {
    throw new AppError("runtime_unavailable", `The door's address ${door} (DOOR_ADDRESS) has a name that cannot be resolved`, {
      cause: error,
    });
  }
}

/** Made once for the installation, by whoever comes first. */
async function ensurePoolKey(client: ClusterClient): Promise<string> {
  const made = await client.create(toPoolKey(randomBytes(32).toString("hex"), { namespace: client.namespace }));
  const secret = made || (await client.get("secrets", poolKeyName));
  const key = secret?.data?.[poolKeyMember];
  if (!key)
    throw new AppError(
      "runtime_unavailable",
      `The Secret ${poolKeyName} in ${client.namespace} has no key: delete it, and it is made anew`,
    );
  return Buffer.from(key, "base64").toString("utf8");
}

async function within<T>(work: Promise<T>, ms: number, server: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AppError("runtime_unavailable", `The cluster at ${server} did not answer within ${ms / 1_000} s`)),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
