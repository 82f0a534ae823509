/** Platforms of this checkout on the cluster that `KUBECONFIG` names, each in a namespace for apps of its own, and what they are asked. */
import { setTimeout as delay } from "node:timers/promises";
import { makeAppsNamespace, runnerImage, type AppsNamespace } from "../tests/kubernetes/apps-namespace.ts";
import { freePort, type TestPlatform } from "../tests/platform.ts";
import { waitFor } from "../tests/wait.ts";
import { putToSleep, type World } from "./world.ts";

const secretKey = "0123456789abcdef0123456789abcdef";
/** When an ended pod is gone from the API, its node still takes down its network and volumes. */
export const settleMs = 1_000;

export interface Clustered {
  platform: TestPlatform;
  /** Of the platform's own database. */
  url: string;
  token: string;
  namespace: AppsNamespace;
}

export interface ClusterWorld {
  open(settings: Record<string, string>): Promise<Clustered>;
  /** Removes the namespaces with all that is in them. */
  close(): Promise<void>;
}

/** @throws Error where there is no cluster. */
export function openClusterWorld(world: World): ClusterWorld {
  if (!process.env["KUBECONFIG"]) throw new Error("There is no cluster to measure: set KUBECONFIG");
  const namespaces: AppsNamespace[] = [];
  return {
    async open(settings) {
      const namespace = await makeAppsNamespace();
      namespaces.push(namespace);
      const { platform, url } = await world.platformWithUrl({
        RUNTIME: "kubernetes",
        APPS_NAMESPACE: namespace.name,
        RUNNER_IMAGE: runnerImage,
        SECRET_KEY: secretKey,
        DOOR_PORT: String(await freePort()),
        SETUP_CODE: "the bench sets it up",
        ...settings,
      });
      const { token } = await platform.signUp();
      return { platform, url, token, namespace };
    },
    close: async () => void (await Promise.all(namespaces.map((namespace) => namespace.remove()))),
  };
}

/** Asleep → 200, once, where everything else rests; ms. */
export async function wakeOnce(
  { platform, token, namespace }: Clustered,
  app: { id: string; slug: string },
  pool: number,
): Promise<number> {
  await putToSleep(platform, token, app.id);
  await awaitRest(namespace, pool);
  return askSleeping(platform, app.slug);
}

/** The first request of an app that sleeps → 200; ms. */
export async function askSleeping(platform: TestPlatform, slug: string): Promise<number> {
  const started = performance.now();
  const answer = await platform.callApp(slug, "/");
  if (answer.status !== 200) throw new Error(`The woken app answered ${answer.status}: ${answer.text}`);
  return performance.now() - started;
}

/** Resolves when what the last wake or deployment left to do is done: the pool is full again, the old pod is gone. */
export async function awaitRest(namespace: AppsNamespace, pool: number): Promise<void> {
  await waitForPool(namespace, pool);
  await delay(settleMs);
}

export const waitForPool = (namespace: AppsNamespace, size: number): Promise<unknown> =>
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
  status: { conditions?: { type: string; status: string }[] };
}

/** Calls to the API server so far, by verb and resource. */
export async function apiCalls(platform: TestPlatform): Promise<Record<string, number>> {
  const { text } = await platform.call("/metrics");
  const found = [...text.matchAll(/^fp_cluster_calls_total\{call="([^"]+)"\} (\d+)/gm)];
  return Object.fromEntries(found.map(([, call, count]) => [call!, Number(count)]));
}

/** Between two looks, for each of `turns`: `patch pods 2.0, delete pods 1.0`. */
export function describeCalls(before: Record<string, number>, after: Record<string, number>, turns: number): string {
  return Object.entries(after)
    .map(([call, count]) => [call, (count - (before[call] ?? 0)) / turns] as const)
    .filter(([, each]) => each >= 0.05)
    .map(([call, each]) => `${call} ${each.toFixed(1)}`)
    .join(", ");
}
