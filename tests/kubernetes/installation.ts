/**
 * A whole platform on the cluster, from the manifests as they stand: in two namespaces of its own, so that several may be there, with a
 * volume that ends with its pod. Seen from outside, as visitors see it.
 */
import { randomBytes } from "node:crypto";
import { completeSecrets } from "../../scripts/cluster/secrets.ts";
import { send, type Answer, type Sent } from "../http.ts";
import { waitFor } from "../wait.ts";
import { kubectl, runnerImage } from "./apps-namespace.ts";
import { buildKustomization, findWorkloads, type Manifest } from "./manifests.ts";
import { openWay, type Way } from "./way.ts";

export interface InstallOptions {
  /** Folders below `k8s`. Default: the overlay `dev`. */
  resources?: string[];
  components?: string[];
  /** Added to the platform's settings. */
  settings?: Record<string, string>;
  /** How many pods of which Deployment; default: what the manifests say. */
  replicas?: Record<string, number>;
  images?: Partial<typeof defaultImages>;
}

/** Those that are tested, by their names in the manifests. */
export const defaultImages = {
  "fastapi-platform": process.env["FP_PLATFORM_IMAGE"] ?? "localhost/fastapi-platform:test",
  "fastapi-platform-runner": runnerImage,
  "fastapi-platform-mongodb": process.env["FP_MONGODB_IMAGE"] ?? "localhost/fastapi-platform-mongodb:test",
};

export interface Installation {
  /** Of the platform, and of its apps. */
  namespace: string;
  appsNamespace: string;
  setupCode: string;
  /** The same ways in, for those who keep connections. */
  doors: { web: { port: number; host: string }; gateway: { port: number; hostOf(slug: string): string } };
  /** An exchange with the platform's own host, by the Service `web`. */
  call(path: string, sent?: Sent): Promise<Answer>;
  /** An exchange with an app's host, by the Service `gateway`. */
  callApp(slug: string, path: string, sent?: Sent): Promise<Answer>;
  /** JSON in, JSON out, as one user. @throws Error with the answer when the status is not 2xx. */
  api<Result = Record<string, unknown>>(token: string, method: string, path: string, body?: unknown): Promise<Result>;
  /** The first one needs the setup code and becomes the administrator. */
  signUp(email: string, setupCode?: string): Promise<Answer>;
  /** Waits for a deployment's end and gives it, whichever it was. */
  settled(token: string, deploymentId: string): Promise<Record<string, unknown>>;
  /** Applies the same with other settings or images and waits until all pods are of it. */
  change(options: Pick<InstallOptions, "settings" | "images" | "replicas">): Promise<void>;
  /** What the platform's pods and the cluster say, for a failed test. */
  describe(): Promise<string>;
  remove(): Promise<void>;
}

const publicHost = "platform.test";
const publicUrl = `http://${publicHost}`;
const appsDomain = "apps.test";
/** Two cores that build images beside it start Node in many seconds. */
const rolloutTimeout = "240s";

/** Installs and waits until every pod is ready. @throws Error with what the pods say when they are not. */
export async function install(options: InstallOptions = {}): Promise<Installation> {
  const suffix = `test-${randomBytes(4).toString("hex")}`;
  const names = { platform: `fastapi-platform-${suffix}`, apps: `fastapi-platform-apps-${suffix}` };
  const { secrets } = completeSecrets({}, (bytes) => randomBytes(bytes).toString("hex"));
  const ways: Way[] = [];
  const current = { ...options };
  const roll = async (): Promise<void> => {
    const manifests = adapt(await buildKustomization(toKustomization(current)), names, current);
    await applyAll(manifests, names.platform, secrets);
    for (const { manifest } of findWorkloads(manifests))
      await kubectl([
        "-n",
        names.platform,
        "rollout",
        "status",
        `${manifest.kind}/${manifest.metadata.name}`,
        `--timeout=${rolloutTimeout}`,
      ]);
  };
  const remove = async (): Promise<void> => {
    for (const way of ways) way.close();
    await kubectl(["delete", "namespace", names.platform, names.apps, "--ignore-not-found", "--timeout=120s"]);
  };
  try {
    await roll();
    ways.push(await openWay(names.platform, "web"), await openWay(names.platform, "gateway"));
  } catch (error) {
    const told = await describe(names);
    await remove();
    throw new Error(`The platform did not start:\n${told}`, { cause: error });
  }
  return {
    namespace: names.platform,
    appsNamespace: names.apps,
    setupCode: secrets["setup-code"]!,
    doors: {
      web: { port: ways[0]!.port, host: publicHost },
      gateway: { port: ways[1]!.port, hostOf: (slug) => `${slug}.${appsDomain}` },
    },
    ...speakTo(ways[0]!.port, ways[1]!.port),
    async change(changes) {
      Object.assign(current, changes);
      await roll();
    },
    describe: () => describe(names),
    remove,
  };
}

function speakTo(webPort: number, gatewayPort: number): Pick<Installation, "call" | "callApp" | "api" | "signUp" | "settled"> {
  const call: Installation["call"] = (path, sent) => send(webPort, publicHost, path, sent);
  const api: Installation["api"] = async <Result>(token: string, method: string, path: string, body?: unknown) => {
    const answer = await call(path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return (answer.text ? answer.json() : null) as Result;
  };
  return {
    call,
    callApp: (slug, path, sent) => send(gatewayPort, `${slug}.${appsDomain}`, path, sent),
    api,
    signUp: (email, setupCode) =>
      call("/api/auth/sign-up/email", {
        method: "POST",
        headers: { "content-type": "application/json", origin: publicUrl },
        body: JSON.stringify({ name: email.split("@")[0], email, password: "correct horse battery", ...(setupCode ? { setupCode } : {}) }),
      }),
    settled: (token, deploymentId) =>
      waitFor(
        `deployment ${deploymentId} ends`,
        async () => {
          const deployment = await api(token, "GET", `/api/deployments/${deploymentId}`);
          return deployment["state"] === "running" ? null : deployment;
        },
        120_000,
      ),
  };
}

async function describe(names: Names): Promise<string> {
  const commands = [
    ["get", "pods", "--output=wide"],
    ["logs", "--selector=fastapi-platform/role=yes", "--tail=40", "--prefix"],
    ["get", "events", "--field-selector=type=Warning"],
  ];
  const told = Object.values(names).flatMap((namespace) =>
    commands.map((command) => kubectl(["-n", namespace, ...command]).catch((error: Error) => error.message)),
  );
  return (await Promise.all(told)).join("\n");
}

const toKustomization = ({ resources = ["overlays/dev"], components = [] }: InstallOptions) => ({ resources, components });

interface Names {
  platform: string;
  apps: string;
}

/** Other names of namespaces, images of this checkout, hosts that only tests know, and nothing that only one installation can have. */
function adapt(manifests: readonly Manifest[], names: Names, { images, settings, replicas }: InstallOptions): Manifest[] {
  const image: Record<string, string> = { ...defaultImages, ...images };
  return manifests.map((original) => {
    const manifest = structuredClone(original);
    moveTo(manifest, names);
    if (manifest.kind === "ConfigMap" && manifest.metadata.name.startsWith("platform-"))
      Object.assign(manifest["data"], {
        APPS_NAMESPACE: names.apps,
        RUNNER_IMAGE: image["fastapi-platform-runner"],
        PUBLIC_URL: publicUrl,
        APPS_DOMAIN: appsDomain,
        ...settings,
      });
    for (const port of manifest["spec"]?.ports ?? []) delete port.nodePort;
    const count = manifest.kind === "Deployment" ? replicas?.[manifest.metadata.name] : undefined;
    if (count !== undefined) manifest["spec"].replicas = count;
    for (const { template } of findWorkloads([manifest])) {
      const { containers, initContainers = [] } = template.spec;
      for (const container of [...containers, ...initContainers]) {
        const name = container.image.split("/").at(-1)!.split(":")[0]!;
        container.image = image[name] ?? container.image;
        // A node of two cores has room for several installations, as long as none keeps any of it for itself.
        if (container.resources?.requests) container.resources.requests["cpu"] = "10m";
      }
      // Not every cluster has volumes to give.
      if (manifest["spec"].volumeClaimTemplates) {
        delete manifest["spec"].volumeClaimTemplates;
        (template.spec.volumes ??= []).push({ name: "data", emptyDir: {} } as object);
      }
      // Settings are changed here, after kustomize has named the ConfigMap by its content: pods start anew by this.
      Object.assign(template.metadata as { annotations?: object }, {
        annotations: { "fastapi-platform/settings": JSON.stringify(settings ?? {}) },
      });
    }
    return manifest;
  });
}

function moveTo(manifest: Manifest, names: Names): void {
  const moved: Record<string, string> = { "fastapi-platform": names.platform, "fastapi-platform-apps": names.apps };
  const { metadata } = manifest;
  if (manifest.kind === "Namespace") metadata.name = moved[metadata.name]!;
  if (metadata.namespace) metadata.namespace = moved[metadata.namespace] ?? metadata.namespace;
  for (const subject of manifest["subjects"] ?? []) subject.namespace = moved[subject.namespace];
  if (manifest.kind !== "NetworkPolicy") return;
  for (const rule of [...(manifest["spec"].ingress ?? []), ...(manifest["spec"].egress ?? [])])
    for (const { namespaceSelector } of [...(rule.from ?? []), ...(rule.to ?? [])]) {
      const labels = namespaceSelector?.matchLabels;
      if (labels)
        labels["kubernetes.io/metadata.name"] = moved[labels["kubernetes.io/metadata.name"]] ?? labels["kubernetes.io/metadata.name"];
    }
}

async function applyAll(manifests: readonly Manifest[], namespace: string, secrets: Record<string, string>): Promise<void> {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "fastapi-platform", namespace }, stringData: secrets };
  // In the order of dependence, as kustomize has them: the Secret after its namespace.
  const all = [...manifests.filter(({ kind }) => kind === "Namespace"), secret, ...manifests.filter(({ kind }) => kind !== "Namespace")];
  await kubectl(["apply", "--server-side", "--force-conflicts", "-f", "-"], all.map((object) => JSON.stringify(object)).join("\n---\n"));
}
