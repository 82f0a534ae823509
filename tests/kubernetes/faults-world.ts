/** Several processes' worth of the platform's cluster half before one real cluster: each a runtime of its own with a gateway before it. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { instanceLimits } from "#core/limits.ts";
import { createGateway } from "#server/gateway/index.ts";
import { createKubernetesRuntime, type KubernetesRuntime, type KubernetesRuntimeOptions } from "#server/runtime/kubernetes/index.ts";
import type { InstanceSpec, RuntimeDeployEvent, RuntimeEvent } from "#server/runtime/runtime.ts";
import { send, type Answer } from "../http.ts";
import { waitFor } from "../wait.ts";
import { runnerImage, type AppsNamespace } from "./apps-namespace.ts";

/** Says who it is, and stays busy for as long as it is told to. */
const source = `
import asyncio, os
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def who(): return {"app": os.environ["APP"], "version": os.environ["VERSION"]}
@app.get("/slow")
async def slow(ms: int):
    await asyncio.sleep(ms / 1000)
    return {"app": os.environ["APP"], "version": os.environ["VERSION"]}
`;

export function makeSpec(appId: string, version = 1, changes: Partial<InstanceSpec> = {}): InstanceSpec {
  return {
    ...{ appId, slug: appId, version, bundleHash: createHash("sha256").update(source).digest("hex") },
    readFiles: async () => ({ "app.py": source }),
    entrypoint: "app.py",
    env: { APP: appId, VERSION: String(version) },
    sessionKey: "key",
    database: null,
    limits: instanceLimits,
    ...changes,
  };
}

/** What is live, for all processes. */
export type Live = Map<string, InstanceSpec>;

export interface Process {
  runtime: KubernetesRuntime;
  /** A visitor's request. */
  call(appId: string, path?: string): Promise<Answer>;
  /** Deploys and makes live. @throws what the runtime does. */
  deploy(spec: InstanceSpec): Promise<RuntimeDeployEvent[]>;
  events: RuntimeEvent[];
  warnings: string[];
  close(): Promise<void>;
}

type Changes = Partial<Pick<KubernetesRuntimeOptions, "worker" | "warmPool" | "kubeconfig" | "wakeTimeoutMs" | "repairs" | "specOf">>;

/** Starts one, and waits for its pool if it is the one that keeps it. */
export async function openProcess(namespace: string, live: Live, changes: Changes = {}): Promise<Process> {
  const warnings: string[] = [];
  const runtime = createKubernetesRuntime({
    ...{ namespace, runnerImage, door: null, warmPool: 2, warmPoolMemoryMiB: 4_096, parkAfter: 500, worker: false },
    specOf: async (appId) => live.get(appId) ?? null,
    findLive: async (appIds) => new Set(appIds.filter((appId) => live.has(appId))),
    logger: { info: () => {}, warn: (message) => void warnings.push(message) },
    ...changes,
  });
  await runtime.start();
  const events: RuntimeEvent[] = [];
  const closing = new AbortController();
  const watched = (async () => {
    for await (const event of runtime.watch(closing.signal)) events.push(event);
  })();
  const front = await openFront(runtime, live, closing.signal);
  return {
    runtime,
    call: (appId, path = "/") => send(front.port, `${appId}.localhost:3000`, path, { timeoutMs: 90_000 }),
    async deploy(spec) {
      const told: RuntimeDeployEvent[] = [];
      const commit = async (): Promise<void> => void live.set(spec.appId, spec);
      for await (const event of runtime.deploy(spec, commit, AbortSignal.timeout(90_000))) told.push(event);
      return told;
    },
    events,
    warnings,
    async close() {
      await front.close();
      await runtime.stop();
      closing.abort();
      await watched;
    },
  };
}

async function openFront(runtime: KubernetesRuntime, live: Live, signal: AbortSignal): Promise<{ port: number; close(): Promise<void> }> {
  const find = (appId: string) => (live.has(appId) ? ({ appId, slug: appId, state: "live", sleepAfterMs: 600_000 } as const) : undefined);
  const gateway = createGateway({
    ...{ runtime, publicUrl: "http://localhost:3000", appsDomain: "localhost", trustedProxies: [], sleepAfterDefaultMs: 600_000 },
    routes: { find, findById: find, describe: async () => undefined },
    recordRequest: () => {},
    logger: { warn: () => {}, error: (...words: unknown[]) => signal.aborted || console.error(...words) },
  });
  const server: Server = createServer((request, response) => gateway.handleRequest(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway.start();
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await gateway.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}

export const waitForPool = (process: Process, count: number): Promise<unknown> =>
  waitFor("a pool", () => process.runtime.isolation.level === "sandbox" && process.runtime.warmRunners >= count, 90_000);

/** Visitors that come at a constant rate, whether the last one is answered or not. `end` gives all their answers. */
export function startVisitors(process: Process, appId: string, everyMs = 50, path = "/"): { end(): Promise<Answer[]> } {
  const asked: Promise<Answer>[] = [];
  let ended = false;
  const running = (async () => {
    while (!ended) {
      const answer = process.call(appId, path);
      answer.catch(() => undefined);
      asked.push(answer);
      await delay(everyMs);
    }
  })();
  return {
    async end() {
      ended = true;
      await running;
      return await Promise.all(asked);
    },
  };
}

/** Of those that were not answered by the app: what they were told. */
export const notServed = (answers: readonly Answer[]): string[] =>
  answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text.slice(0, 300)}`);

/** Names of an app's pods that were not told to end. */
export async function podsOf(namespace: AppsNamespace, appId: string): Promise<string[]> {
  const list = JSON.parse(await namespace.kubectl("get", "pods", "-l", `fastapi-platform/app=${appId}`, "-o", "json")) as {
    items: { metadata: { name: string; deletionTimestamp?: string } }[];
  };
  return list.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name);
}

export const onePod = (namespace: AppsNamespace, appId: string): Promise<string> =>
  waitFor(
    `one pod of ${appId}`,
    async () => {
      const pods = await podsOf(namespace, appId);
      return pods.length === 1 ? pods[0] : null;
    },
    60_000,
  );
