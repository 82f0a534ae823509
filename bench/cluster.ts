/**
 * The same on a cluster: asleep → first 200 by a warm pod and by the plain way, beside an ordinary Deployment that is scaled from 0 to 1;
 * wakes while twenty others wake; press Deploy or Roll back → the new version answers, under load. Needs `KUBECONFIG` and the runner's
 * image in the cluster (`npm run cluster:test` on a machine with the one-node cluster leaves both).
 */
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { kubectl, makeAppsNamespace, type AppsNamespace } from "../tests/kubernetes/apps-namespace.ts";
import { freePort, type TestPlatform } from "../tests/platform.ts";
import { waitFor } from "../tests/wait.ts";
import { helloApp } from "./apps.ts";
import { measurePresses } from "./deploy.ts";
import type { Outcome, Series } from "./figures.ts";
import { counted, putToSleep, type World } from "./world.ts";

const image = process.env["FP_RUNNER_IMAGE"] ?? "localhost/fastapi-platform-runner:test";
const secretKey = "0123456789abcdef0123456789abcdef";
/** What a wake left to do is done: the pool's next pod is ready, the old pod is gone. */
const restMs = 250;
const crowdSize = 20;

export async function measureCluster(world: World): Promise<Outcome> {
  if (!process.env["KUBECONFIG"]) throw new Error("There is no cluster to measure: set KUBECONFIG");
  const namespaces: AppsNamespace[] = [];
  const open = async (settings: Record<string, string>): Promise<{ platform: TestPlatform; token: string; namespace: AppsNamespace }> => {
    const namespace = await makeAppsNamespace();
    namespaces.push(namespace);
    const platform = await world.platform({
      RUNTIME: "kubernetes",
      APPS_NAMESPACE: namespace.name,
      RUNNER_IMAGE: image,
      SECRET_KEY: secretKey,
      DOOR_PORT: String(await freePort()),
      SETUP_CODE: "the bench sets it up",
      ...settings,
    });
    const { token } = await platform.signUp();
    return { platform, token, namespace };
  };
  try {
    const warm = await open({ WARM_POOL: "3" });
    const plain = await open({ WARM_POOL: "0" });
    const peer = await openPeer(warm.namespace);
    const wakes = await measureWakes(warm, plain, peer);
    const crowd = await measureCrowd(await open({ WARM_POOL: String(crowdSize + 4), WARM_POOL_MEMORY_MIB: "4096" }));
    const presses = await measurePresses(warm.platform, warm.token, { aim: { median: 700, p95: 1_000 }, peer: peerName });
    return {
      series: [...wakes.series, crowd, ...presses.series],
      notes: [
        `One node of this machine's own cores: API server, etcd, kubelet and containerd share them with the platform, which runs beside the cluster and calls pods as a gateway in it would.`,
        ...wakes.notes,
        ...presses.notes,
      ],
    };
  } finally {
    await Promise.all(namespaces.map((namespace) => namespace.remove()));
  }
}

const peerName = "ordinary Deployment, 0 → 1";

async function measureWakes(
  warm: { platform: TestPlatform; token: string; namespace: AppsNamespace },
  plain: { platform: TestPlatform; token: string },
  peer: { start(): Promise<number> },
): Promise<{ series: Series[]; notes: string[] }> {
  const turns = counted(50);
  const plainTurns = counted(10);
  const withPool: Series = { name: "asleep → 200, warm pool", values: [], aim: { median: 60, p95: 75 }, peer: peerName };
  const withoutPool: Series = { name: "asleep → 200, empty pool", values: [], peer: peerName };
  const theirs: Series = { name: peerName, values: [] };
  const fromPool = await sleeper(warm, "bench warm");
  const alone = await sleeper(plain, "bench plain");
  const before = await apiCalls(warm.platform);
  for (let turn = 0; turn < turns; turn += 1) {
    await waitForPool(warm.namespace, 3);
    withPool.values.push(await fromPool());
    if (turn % Math.ceil(turns / plainTurns) !== 0) continue;
    withoutPool.values.push(await alone());
    theirs.values.push(await peer.start());
  }
  const after = await apiCalls(warm.platform);
  const calls = Object.entries(after)
    .map(([call, count]) => [call, (count - (before[call] ?? 0)) / turns] as const)
    .filter(([, each]) => each >= 0.05)
    .map(([call, each]) => `${call} ${each.toFixed(1)}`);
  return { series: [withPool, withoutPool, theirs], notes: [`Calls to the API server per wake and sleep together: ${calls.join(", ")}.`] };
}

/** One app's wakes while twenty others wake: a global bound keeps them from starving each other. */
async function measureCrowd({
  platform,
  token,
  namespace,
}: {
  platform: TestPlatform;
  token: string;
  namespace: AppsNamespace;
}): Promise<Series> {
  const crowd: Series = { name: `asleep → 200, while ${crowdSize} others wake`, values: [], aim: { p95: 190 }, peer: peerName };
  const apps = [];
  await waitForPool(namespace, crowdSize + 4);
  for (let index = 0; index <= crowdSize; index += 1) apps.push(await platform.deploy(token, `crowd ${index}`, { "app.py": helloApp() }));
  for (let turn = 0; turn < counted(5); turn += 1) {
    for (const app of apps) await putToSleep(platform, token, app.id);
    await waitForPool(namespace, crowdSize + 4);
    await delay(restMs);
    const took = await Promise.all(
      apps.map(async (app) => {
        const started = performance.now();
        const { status } = await platform.callApp(app.slug, "/");
        if (status !== 200) throw new Error(`A woken app answered ${status}`);
        return performance.now() - started;
      }),
    );
    crowd.values.push(...took);
  }
  for (const app of apps) await platform.api(token, "DELETE", `/api/apps/${app.id}`);
  return crowd;
}

async function sleeper({ platform, token }: { platform: TestPlatform; token: string }, name: string): Promise<() => Promise<number>> {
  const app = await platform.deploy(token, name, { "app.py": helloApp() });
  return async () => {
    await putToSleep(platform, token, app.id);
    await delay(restMs);
    const started = performance.now();
    const answer = await platform.callApp(app.slug, "/");
    if (answer.status !== 200) throw new Error(`The woken app answered ${answer.status}: ${answer.text}`);
    return performance.now() - started;
  };
}

const waitForPool = (namespace: AppsNamespace, size: number): Promise<unknown> =>
  waitFor(
    "a full pool and nothing that ends",
    async () => {
      const pods = JSON.parse(await namespace.kubectl("get", "pods", "-o", "json")) as { items: PodJson[] };
      const isReady = ({ status }: PodJson): boolean =>
        (status.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");
      const warm = pods.items.filter((pod) => pod.metadata.labels["fastapi-platform/state"] === "warm" && isReady(pod));
      return warm.length >= size && pods.items.every((pod) => pod.metadata.deletionTimestamp === undefined);
    },
    // Two dozen pods that start at once have two cores between them.
    240_000,
  );

interface PodJson {
  metadata: { labels: Record<string, string>; deletionTimestamp?: string };
  status: { conditions?: { type: string; status: string }[]; podIP?: string };
}

async function apiCalls(platform: TestPlatform): Promise<Record<string, number>> {
  const { text } = await platform.call("/metrics");
  const found = [...text.matchAll(/^fp_cluster_calls_total\{call="([^"]+)"\} (\d+)/gm)];
  return Object.fromEntries(found.map(([, call, count]) => [call!, Number(count)]));
}

/** What people do today: the same app in the same image as a Deployment of its own, scaled up, its pod called until it answers. */
async function openPeer(namespace: AppsNamespace): Promise<{ start(): Promise<number> }> {
  const labels = { "app.kubernetes.io/component": "app", peer: "yes" };
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true };
  const objects = [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "peer", namespace: namespace.name }, data: { "app.py": helloApp() } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "peer", namespace: namespace.name },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 1,
            securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: "RuntimeDefault" } },
            containers: [
              {
                name: "app",
                image,
                imagePullPolicy: "IfNotPresent",
                command: ["python", "-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"],
                workingDir: "/code",
                securityContext: security,
                resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "1", memory: "256Mi" } },
                volumeMounts: [{ name: "code", mountPath: "/code" }],
              },
            ],
            volumes: [{ name: "code", configMap: { name: "peer" } }],
          },
        },
      },
    },
  ];
  await kubectl(["apply", "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  const podAddress = async (): Promise<string | null> =>
    (await namespace.kubectl("get", "pods", "-l", "peer=yes", "-o", "jsonpath={.items[0].status.podIP}")) || null;
  return {
    async start() {
      await namespace.kubectl("scale", "deployment/peer", "--replicas=0");
      await waitFor(
        "the peer sleeps",
        async () => (await namespace.kubectl("get", "pods", "-l", "peer=yes", "-o", "name")).trim() === "",
        60_000,
      );
      await delay(restMs);
      const started = performance.now();
      await namespace.kubectl("scale", "deployment/peer", "--replicas=1");
      const address = await waitFor("the peer has an address", podAddress, 60_000);
      await waitFor("the peer answers", () => answers(address), 60_000);
      return performance.now() - started;
    },
  };
}

const answers = (host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const sent = request({ host, port: 8000, path: "/", timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.on("error", () => resolve(false));
    sent.on("timeout", () => sent.destroy());
    sent.end();
  });
