/**
 * One process of the platform before a cluster that stands in memory: the adapter's own views, calls, launcher and apps. Two parts are
 * doubles, since pods of this cluster have no sockets: whether a pod accepts, and the hand-off.
 */
import { instanceLimits } from "#core/limits.ts";
import { waitFor } from "../../../tests/wait.ts";
import type { InstanceLimits, InstanceSpec, LoadReport, RuntimeCounts, RuntimeEvent } from "../runtime.ts";
import type { Acceptance } from "./acceptance.ts";
import { createFakeServer, type FakeClient, type FakeServer } from "./api-server.test-part.ts";
import { createClusterApp, type ClusterApp } from "./app.ts";
import type { PodView } from "./app-view.ts";
import { createReading } from "./cluster-reading.ts";
import { createWriting } from "./cluster-writing.ts";
import { createControllers, type Controllers } from "./controllers.test-part.ts";
import { createInformer } from "./informer.ts";
import { createLauncher, type GiveFiles, type Launcher } from "./launch.ts";
import { labels, ownSelector, policyStateName } from "./names.ts";
import type { OpenCluster } from "./open-cluster.ts";
import { toPoolDeployment } from "./objects.ts";
import { createPolicyState } from "./policy-state.ts";
import { toDeploymentView, toPodView, toReplicaSetView } from "./to-view.ts";
import { createTurns } from "./turns.ts";
import { createViews } from "./views.ts";

export const poolLimits: InstanceLimits = instanceLimits;
const podOptions = { namespace: "apps", image: "runner:1", door: "10.96.0.20:3129" };
export const report: LoadReport = { ok: true, framework: "fastapi", factory: false, routes: [], importMs: 1 };

export const makeSpec = (changes: Partial<InstanceSpec> = {}): InstanceSpec => ({
  appId: "a1",
  slug: "guestbook",
  version: 1,
  bundleHash: "ab".repeat(32),
  readFiles: async () => ({ "main.py": "app = 1\n" }),
  entrypoint: "main:app",
  env: {},
  sessionKey: "key",
  database: null,
  limits: poolLimits,
  ...changes,
});

export interface World {
  server: FakeServer;
  controllers: Controllers;
  /** From now on the Deployment controller does what is to do at once; the kubelet starts pods when it is told to. */
  runControllers(): void;
  /** A pool of so many ready pods. */
  fillPool(count: number): void;
  /** The names of an app's pods that were not told to end, or of the pool's. */
  podsOf(appId: string | null): string[];
  setPolicies(enforced: boolean): void;
  /** A process of the platform, which knows all there is by now. */
  open(live?: Iterable<InstanceSpec>, wakeTimeoutMs?: number): Promise<Gateway>;
  close(): Promise<void>;
}

export interface Gateway {
  client: FakeClient;
  cluster: OpenCluster;
  launcher: Launcher;
  acceptance: Acceptance;
  app(appId?: string): ClusterApp;
  /** What apps are to run. */
  live: Map<string, InstanceSpec>;
  /** Answers hand-offs. */
  give: GiveFiles;
  /** Pods that were given files, in order. */
  given: string[];
  /** The pod accepts connections from now on. */
  accept(name: string): void;
  events: RuntimeEvent[];
  heard<T extends RuntimeEvent["type"]>(type: T): Extract<RuntimeEvent, { type: T }>[];
  /** The app's objects are there, without instances. */
  makeAsleep(spec: InstanceSpec): Promise<void>;
  /** What was counted: `woken warm`, `instanceEnded memory`, … */
  counted: string[];
  warnings: string[];
  isTelling: boolean;
}

export function createWorld(): World {
  const server = createFakeServer();
  const controllers = createControllers(server);
  const closing = new AbortController();
  const ended: Promise<unknown>[] = [];
  return {
    server,
    controllers,
    runControllers: () => void (server.onChange = controllers.run),
    fillPool(count) {
      server.put("deployments", toPoolDeployment(poolLimits, { ...podOptions, replicas: count }));
      controllers.run();
      // The leader's part.
      for (const pod of server.all("pods"))
        if (pod.metadata?.labels?.[labels.component] === "pool")
          server.edit("pods", pod.metadata.name!, ({ spec }) => void delete spec!.schedulingGates);
      controllers.startPods();
    },
    podsOf: (appId) =>
      server
        .all("pods")
        .map((pod) => toPodView(pod)!)
        .filter((pod) => pod !== null && pod.appId === appId && !pod.deleting)
        .map(({ name }) => name),
    setPolicies: (enforced) =>
      void server.put("configmaps", { metadata: { name: policyStateName }, data: { enforced: String(enforced), detail: "Tried." } }),
    open: (live = [], wakeTimeoutMs = 5_000) => open(server, live, wakeTimeoutMs, closing.signal, ended),
    async close() {
      closing.abort(new Error("the test is over"));
      await Promise.all(ended);
    },
  };
}

async function open(
  server: FakeServer,
  live: Iterable<InstanceSpec>,
  wakeTimeoutMs: number,
  signal: AbortSignal,
  ended: Promise<unknown>[],
): Promise<Gateway> {
  const client = server.connect();
  const { cluster, nudge } = await openFakeCluster(client, signal, ended);
  const apps = new Map<string, ClusterApp>();
  const acceptance = createAcceptanceDouble();
  const events: RuntimeEvent[] = [];
  const counted: string[] = [];
  const warnings: string[] = [];
  const launcher = createLauncher({
    cluster,
    acceptance,
    give: (pod, ...rest) => (gateway.given.push(pod.name), gateway.give(pod, ...rest)),
    poolLimits,
    runnerImage: podOptions.image,
    logger: { warn: (message) => void warnings.push(message) },
  });
  const wakes = createTurns(16);
  const gateway: Gateway = {
    client,
    cluster,
    launcher,
    acceptance,
    live: new Map([...live].map((spec) => [spec.appId, spec])),
    give: async () => report,
    given: [],
    app(appId = "a1") {
      const known = apps.get(appId);
      if (known) return known;
      const context = { cluster, launcher, acceptance, wakes, appPort: 8000, wakeTimeoutMs };
      const app = createClusterApp(appId, {
        ...context,
        specOf: async (id) => gateway.live.get(id) ?? null,
        publish: (event) => void events.push(event),
        counts: toCounts(counted),
        tells: () => gateway.isTelling,
        stopped: signal,
      });
      apps.set(appId, app);
      return app;
    },
    accept(name) {
      const pod = [...cluster.pods()].find((each) => each.name === name)!;
      acceptance.note(pod);
      nudge(pod.appId);
    },
    events,
    heard: (type) => events.filter((event) => event.type === type) as never,
    async makeAsleep(spec) {
      await cluster.writeFiles(spec, (await cluster.createDeployment(spec, 0))!);
      await waitFor("the ReplicaSet", () => cluster.view(spec.appId).replicaSets.length === 1);
    },
    counted,
    warnings,
    isTelling: true,
  };
  cluster.onChange((appId) => appId !== null && gateway.app(appId).look());
  return gateway;
}

/** As `openCluster` does, from a client that is there. It leads at once and alone. */
async function openFakeCluster(
  client: FakeClient,
  signal: AbortSignal,
  ended: Promise<unknown>[],
): Promise<{ cluster: OpenCluster; nudge(appId: string | null): void }> {
  const selection = { labelSelector: ownSelector };
  const informers = {
    pods: createInformer({ source: client.source("pods", selection), project: toPodView }),
    deployments: createInformer({ source: client.source("deployments", selection), project: toDeploymentView }),
    replicaSets: createInformer({ source: client.source("replicasets", selection), project: toReplicaSetView }),
  };
  const views = createViews(informers);
  ended.push(...Object.values(informers).map((informer) => informer.start(signal)));
  const policies = createPolicyState(client, signal, () => views.nudge(null));
  await Promise.all([policies.read(), ...Object.values(informers).map(({ synced }) => synced)]);
  const context = {
    client,
    views,
    policies,
    podOptions,
    options: {
      namespace: "apps",
      runnerImage: podOptions.image,
      door: { address: podOptions.door, credentialOf: (appId: string) => `door-${appId}` },
      poolLimits,
      logger: { info: () => {}, warn: () => {} },
      signal,
    },
    notePod: (pod: Parameters<typeof toPodView>[0]) => (informers.pods.note(pod), toPodView(pod)),
    noteDeployment: (deployment: Parameters<typeof toDeploymentView>[0]) => (
      informers.deployments.note(deployment),
      toDeploymentView(deployment)!
    ),
    pods: informers.pods,
    deployments: informers.deployments,
  };
  const cluster = {
    ...createReading(context),
    ...createWriting(context),
    poolKey: "key",
    lead: (lead: (until: AbortSignal) => Promise<void>, until: AbortSignal) => lead(until),
    close: async () => {},
  };
  return { cluster, nudge: views.nudge };
}

function createAcceptanceDouble(): Acceptance {
  const accepting = new Set<string>();
  return {
    has: (pod: PodView) => accepting.has(pod.uid),
    note: (pod) => void accepting.add(pod.uid),
    watch: () => {},
    forget: (uid) => void accepting.delete(uid),
    close: () => {},
  };
}

const toCounts = (counted: string[]): RuntimeCounts => ({
  instanceEnded: (reason) => void counted.push(`instanceEnded ${reason}`),
  woken: (start) => void counted.push(`woken ${start}`),
  wakeFailed: () => void counted.push("wakeFailed"),
  limited: (what, count) => void counted.push(`limited ${what} ${count}`),
  throttled: () => {},
});
