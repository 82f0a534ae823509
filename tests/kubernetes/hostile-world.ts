/** A whole platform on the cluster, a victim with things worth stealing and a row of visitors, and an account that attacks. */
import { fork } from "node:child_process";
import { join } from "node:path";
import type { Files } from "#core/contract/files.ts";
import { canaries, victimSource } from "../hostile/world.ts";
import { prelude } from "../hostile/attack.ts";
import type { Sample } from "../hostile/load.ts";
import type { Answer, Sent } from "../http.ts";
import { waitFor } from "../wait.ts";
import { kubectl } from "./apps-namespace.ts";
import { install, type Installation } from "./installation.ts";

/** What the attackers are told, so that nothing rests on their not knowing it. */
export interface Facts {
  /** Addresses and ports that no app may reach, by what they are. */
  targets: [what: string, host: string, port: number][];
  nameServer: string;
  door: { host: string; port: number };
  canaries: string[];
  victim: { appId: string; database: string };
  /** As the local table has them: there is none of the platform's processes in a pod. */
  pids: number[];
  paths: string[];
  dataDir: string;
}

export interface Attacker {
  id: string;
  slug: string;
  call(path: string, sent?: Sent): Promise<Answer>;
}

export interface ClusterWorld extends AsyncDisposable {
  readonly installation: Installation;
  readonly facts: Facts;
  /** Deploys an attack's app. */
  arm(name: string, source: string, files?: Files): Promise<Attacker>;
  remove(attacker: Attacker): Promise<void>;
  app(attacker: Attacker): Promise<{ status: string; statusReason?: string }>;
  /** The lines that its owner reads. */
  log(attacker: Attacker): Promise<string>;
  failures(attacker: Attacker): Promise<string>;
  /** What the victim sees of itself. */
  check(): Promise<unknown>;
  /** Answers to the victim's visitors who came from `from` (`Date.now()`) on. */
  since(from: number): Sample[];
}

export async function createClusterWorld(): Promise<ClusterWorld> {
  const installation = await install({ settings: { WARM_POOL: "2" } });
  try {
    return await populate(installation);
  } catch (error) {
    const told = await installation.describe();
    await installation.remove();
    throw new Error(told, { cause: error });
  }
}

async function populate(installation: Installation): Promise<ClusterWorld> {
  const { api } = installation;
  const tokenOf = async (email: string, code?: string) => ((await installation.signUp(email, code)).json() as { token: string }).token;
  const admin = await tokenOf("admin@example.com", installation.setupCode);
  await api(admin, "PUT", "/api/admin/egress", { domains: ["*"], ports: [53, 80, 443, 3000, 3129, 6443, 8000, 8001, 10_250, 27_017] });
  const owner = await tokenOf("victim@example.com");
  const token = await tokenOf("attacker@example.com");
  await waitFor(
    "the probe's word, without which only administrators deploy",
    async () => (await inApps(installation, "get", "configmaps", "-o", "jsonpath={.items[*].data.enforced}")).trim() === "true",
    120_000,
  );
  const deploy = async (who: string, name: string, files: Files) => {
    const app = await api<{ id: string; slug: string }>(who, "POST", "/api/apps", { name, files });
    const { deploymentId } = await api<{ deploymentId: string }>(who, "POST", `/api/apps/${app.id}/deploy`, {});
    const settled = await installation.settled(who, deploymentId);
    if (settled["state"] !== "succeeded") throw new Error(`${name}: ${JSON.stringify(settled)}`);
    return app;
  };
  const victim = await deploy(owner, "victim", { "app.py": victimSource });
  const { deploymentId } = await api<{ deploymentId: string }>(owner, "PUT", `/api/apps/${victim.id}/env`, {
    vars: [{ name: "SECRET", value: canaries.env, secret: true }],
  });
  await installation.settled(owner, deploymentId);
  const { database } = (await installation.callApp(victim.slug, "/keep", { method: "POST" })).json() as { database: string };
  const facts = await collectFacts(installation, { appId: victim.id, database });
  const load = startLoad(installation, victim.slug);
  return {
    installation,
    facts,
    async arm(name, source, files = {}) {
      const { id, slug } = await deploy(token, name.slice(0, 40), { "app.py": `${prelude}\n${source}\n`, ...files });
      return { id, slug, call: (path, sent) => installation.callApp(slug, path, sent) };
    },
    remove: async ({ id }) => void (await api(token, "DELETE", `/api/apps/${id}`)),
    app: ({ id }) => api(token, "GET", `/api/apps/${id}`),
    async log({ id }) {
      const { items } = await api<{ items: { text: string }[] }>(token, "GET", `/api/apps/${id}/logs?tail=500`);
      return items.map(({ text }) => text).join("\n");
    },
    failures: async ({ id }) => JSON.stringify(await api(token, "GET", `/api/apps/${id}/requests?status=5xx`)),
    check: async () => (await installation.callApp(victim.slug, "/check")).json(),
    since: load.since,
    async [Symbol.asyncDispose]() {
      await load.end();
      await installation.remove();
    },
  };
}

const inApps = (installation: Installation, ...args: string[]) => kubectl(["-n", installation.appsNamespace, ...args]);

/** Visitors in a process of their own, as on one machine: `tests/hostile/load.ts`. */
function startLoad({ doors: { gateway } }: Installation, slug: string) {
  const samples: Sample[] = [];
  const child = fork(join(import.meta.dirname, "../hostile/load.ts"), [String(gateway.port), gateway.hostOf(slug), "20"]);
  child.on("message", (sample) => void samples.push(sample as Sample));
  return {
    since: (from: number) => samples.filter(({ sentAt }) => sentAt >= from),
    async end() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await gone;
    },
  };
}

interface Listed {
  items: {
    metadata: { name: string; labels?: Record<string, string> };
    spec: { clusterIP?: string; ports?: { port: number }[] };
    status: { podIP?: string; addresses?: { type: string; address: string }[] };
  }[];
}

async function collectFacts(installation: Installation, victim: Facts["victim"]): Promise<Facts> {
  const read = async (...args: string[]): Promise<Listed["items"]> => (JSON.parse(await kubectl([...args, "-o", "json"])) as Listed).items;
  const targets: Facts["targets"] = [
    ["metadata", "169.254.169.254", 80],
    ["metadata by its name", "metadata.google.internal", 80],
  ];
  for (const { spec } of await read("-n", "default", "get", "services", "--field-selector=metadata.name=kubernetes"))
    targets.push(["the API server's Service", spec.clusterIP!, 443]);
  for (const { status } of await read("get", "nodes"))
    for (const { address, type } of status.addresses ?? [])
      if (type === "InternalIP") targets.push(["the API server", address, 6443], ["the kubelet", address, 10_250]);
  for (const { metadata, status } of await read("-n", installation.appsNamespace, "get", "pods"))
    if (status.podIP) {
      const what = metadata.labels?.["fastapi-platform/app"] ? "an app's pod" : "the pool's pod";
      targets.push([`${what} ${metadata.name}`, status.podIP, 8000], [`${what} ${metadata.name}`, status.podIP, 8001]);
    }
  for (const { metadata, status } of await read("-n", installation.namespace, "get", "pods"))
    for (const port of [3000, 9090, 27_017]) targets.push([`the platform's pod ${metadata.name}`, status.podIP!, port]);
  const services = await read("-n", installation.namespace, "get", "services");
  for (const { metadata, spec } of services)
    for (const { port } of spec.ports ?? [])
      if (spec.clusterIP !== "None" && metadata.name !== "egress") targets.push([`the Service ${metadata.name}`, spec.clusterIP!, port]);
  const dns = await read("-n", "kube-system", "get", "services");
  for (const { spec } of dns) targets.push(["the name service", spec.clusterIP!, 53]);
  return {
    targets,
    nameServer: dns[0]?.spec.clusterIP ?? "127.0.0.1",
    door: { host: services.find(({ metadata }) => metadata.name === "egress")!.spec.clusterIP!, port: 3129 },
    canaries: Object.values(canaries),
    victim,
    ...{ pids: [], paths: [], dataDir: "/var/lib/fastapi-platform" },
  };
}
