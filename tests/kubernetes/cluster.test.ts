/** The objects and the client against a real API server and kubelet: what the API server takes, and what pods then find. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Files } from "#core/contract/files.ts";
import { createClusterClient, type ClusterClient } from "#server/runtime/kubernetes/client.ts";
import { explainPod } from "#server/runtime/kubernetes/explain.ts";
import { labels } from "#server/runtime/kubernetes/names.ts";
import {
  toAppClaim,
  toClaimPatch,
  toConfigMap,
  toDeployment,
  toOwner,
  toPoolDeployment,
  toPoolKey,
  toSecret,
  toWarmPod,
  type PodOptions,
} from "#server/runtime/kubernetes/objects.ts";
import type { InstanceSpec } from "#server/runtime/runtime.ts";
import { waitFor } from "../wait.ts";
import { kubectl, makeAppsNamespace, runnerImage, type AppsNamespace } from "./apps-namespace.ts";

const binary = Buffer.from([0, 255, 1, 254, 10, 13]);
const program = `
import hashlib, os, pathlib
from fastapi import FastAPI
app = FastAPI()
here = pathlib.Path("/run/fp/code")
print("hello from", os.environ["GREETING"], flush=True)
@app.get("/")
def files():
    return {str(p.relative_to(here)): hashlib.sha256(p.read_bytes()).hexdigest() for p in here.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
@app.get("/say")
def say():
    print("asked", flush=True)
@app.get("/links")
def links():
    return [str(p) for p in here.rglob("*") if p.is_symlink()]
`;
const files: Files = {
  "main.py": program,
  "..odd.py": "",
  "pages/über uns 日本.html": "<h1>ü\n",
  "static/bytes.png": { base64: binary.toString("base64") },
  [`${"deep/".repeat(7)}${"n".repeat(100)}.txt`]: "x",
};
const spec: InstanceSpec = {
  appId: "objects",
  slug: "objects",
  version: 1,
  bundleHash: "0".repeat(64),
  readFiles: () => Promise.resolve(files),
  entrypoint: "main.py",
  env: { GREETING: "wörld\n$(HOME) 'x'", "odd.name-": "1" },
  sessionKey: "k",
  database: null,
  limits: { memoryMiB: 256, cpus: 0.5, processes: 128, concurrency: 80 },
};

describe.skipIf(!process.env["KUBECONFIG"])("on a real cluster", () => {
  let namespace: AppsNamespace;
  let client: ClusterClient;
  let options: PodOptions;
  beforeAll(async () => {
    namespace = await makeAppsNamespace();
    client = await createClusterClient({ namespace: namespace.name });
    options = { namespace: namespace.name, image: runnerImage, imagePullPolicy: "Never", door: null };
    await client.create(toPoolKey("k".repeat(43), options));
  });
  afterAll(async () => {
    client.close();
    await namespace.remove();
  });
  const isReady = async (selector: string) => {
    const { items } = await client.list("pods", { labelSelector: selector });
    return items.find(({ status }) => status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"));
  };

  it("an app's Deployment starts under the standard `restricted`, with its files as they were, by any name", async () => {
    const deployment = await client.apply(toDeployment(spec, { ...options, files, credential: null, replicas: 1 }));
    const owned = { namespace: namespace.name, owner: toOwner(spec.appId, deployment.metadata!.uid!) };
    expect(await client.create(toConfigMap(spec, files, owned))).toBeTruthy();
    expect(await client.create(toSecret(spec, toAppClaim(spec, null), owned))).toBeTruthy();
    await namespace.release(`${labels.app}=${spec.appId}`);
    const pod = await waitFor("the app's pod", () => isReady(`${labels.app}=${spec.appId}`), 90_000);
    const ask = async (path: string): Promise<unknown> => (await fetch(`http://${pod.status!.podIP}:8000${path}`)).json();
    const digest = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
    expect(await ask("/")).toEqual(
      Object.fromEntries(
        Object.entries(files).map(([path, content]) => [
          path,
          digest(typeof content === "string" ? content : Buffer.from(content.base64, "base64")),
        ]),
      ),
    );
    expect(await ask("/links")).toEqual([]);
    const lines: string[] = [];
    for await (const line of client.logs(pod.metadata!.name!, { timestamps: true })) lines.push(line);
    expect(lines).toContainEqual(expect.stringMatching(/^20\d\d-\S+Z hello from wörld$/));
  });

  it("output is followed while it comes, until the signal", async () => {
    const pod = await isReady(`${labels.app}=${spec.appId}`);
    const abort = new AbortController();
    const lines: string[] = [];
    for await (const line of client.logs(pod!.metadata!.name!, { follow: true, since: new Date(0), signal: abort.signal })) {
      lines.push(line);
      if (line === "asked") abort.abort();
      else if (line.startsWith("hello")) void fetch(`http://${pod!.status!.podIP}:8000/say`).then((answer) => answer.text());
    }
    expect(lines.at(-1)).toBe("asked");
  });

  it("applying the same again changes nothing", async () => {
    const again = toDeployment(spec, { ...options, files, credential: null, replicas: 1 });
    const [first, second] = [await client.apply(again), await client.apply(again)];
    expect(second.metadata!.generation).toBe(first.metadata!.generation);
  });

  it("deleting an app's Deployment takes its Secret and ConfigMap along, and is the same twice", async () => {
    expect(await client.delete("deployments", "app-objects", { graceSeconds: 0 })).toBe(true);
    await waitFor("its end", async () => !(await client.delete("deployments", "app-objects")), 60_000);
    await waitFor(
      "the end of what it owned",
      async () => {
        const selection = { labelSelector: `${labels.app}=${spec.appId}` };
        const [configMaps, secrets] = await Promise.all([client.list("configmaps", selection), client.list("secrets", selection)]);
        return configMaps.items.length + secrets.items.length === 0;
      },
      60_000,
    );
  });

  it("of two that claim a pool's pod one gets it, and the pool lets go of it and makes another", async () => {
    await client.apply(toPoolDeployment(spec.limits, { ...options, replicas: 1 }));
    // As the leader does.
    await namespace.release(`${labels.component}=pool`);
    const pod = await waitFor("a warm pod", () => isReady(`${labels.state}=warm,${labels.component}=pool`), 90_000);
    const claim = (appId: string) =>
      client.patch(
        "pods",
        pod.metadata!.name!,
        toClaimPatch({ component: "app", appId, spec: "0", version: 1, state: "loading", podTemplateHash: null, claimedAt: new Date() }),
        { resourceVersion: pod.metadata!.resourceVersion },
      );
    const claims = await Promise.all([claim("one"), claim("two")]);
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(claims.filter((each) => each === false)).toHaveLength(1);
    const released = await waitFor("its release", async () => {
      const now = await client.get("pods", pod.metadata!.name!);
      return now?.metadata?.ownerReferences === undefined ? now : null;
    });
    expect(released.metadata!.deletionTimestamp).toBeUndefined();
    await waitFor("the pool's next", async () => (await client.list("pods", { labelSelector: `${labels.state}=warm` })).items.length === 1);
    expect(await client.patch("pods", "no-such-pod", {}, { resourceVersion: "1" })).toBeNull();
    await client.apply(toPoolDeployment(spec.limits, { ...options, replicas: 0 }));
    expect(await client.delete("pods", pod.metadata!.name!, { uid: "00000000-0000-4000-8000-000000000000" })).toBe(false);
    expect(await client.delete("pods", pod.metadata!.name!, { uid: pod.metadata!.uid!, graceSeconds: 0 })).toBe(true);
  });

  it.each([
    [
      "more memory than any node has",
      { memoryMiB: 40_000_000, cpus: 0.5 },
      {},
      "unschedulable",
      /^the cluster has no room for it: of one node, 1 is short of memory$|^the cluster has no room for it: of \d+ nodes/,
    ],
    [
      "an image that is not there",
      { memoryMiB: 64, cpus: 0.1 },
      { image: "localhost/no-such-image:1" },
      "image",
      /^the runner's image localhost\/no-such-image:1 is not on the node/,
    ],
  ] as const)("why a pod with %s does not run is said in words", async (_what, limits, other, problem, words) => {
    const made = await client.create(toWarmPod({ component: "app", limits }, { ...options, ...other }));
    if (!made) throw new Error("no pod");
    const explained = await waitFor("an explanation", async () => {
      const [pod, events] = await Promise.all([client.get("pods", made.metadata!.name!), client.events(made.metadata!.uid!)]);
      const found = explainPod({ pod, events });
      return found?.problem === problem ? found : null;
    });
    expect(explained.words).toMatch(words);
    await client.delete("pods", made.metadata!.name!, { graceSeconds: 0 });
  });

  it("a quota that is used up, and a permission that is missing, are said in words", async () => {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few" }, spec: { hard: { pods: "0" } } };
    await namespace.kubectl("create", "serviceaccount", "nobody");
    await kubectl(["-n", namespace.name, "apply", "-f", "-"], JSON.stringify(quota));
    const refused = await waitFor("the quota", async () => {
      const made = await client.create(toWarmPod({ component: "app", limits: spec.limits }, options)).catch((error: Error) => error);
      if (made instanceof Error) return made;
      if (made) await client.delete("pods", made.metadata!.name!, { graceSeconds: 0 });
      return null;
    });
    expect(refused).toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringMatching(/^The quota few of the namespace fp-test-\S+ is used up: pods=1 asked for/),
    });
    const folder = await mkdtemp(join(tmpdir(), "fp-nobody-"));
    try {
      const config = JSON.parse(await kubectl(["config", "view", "--raw", "--flatten", "--minify", "-o", "json"])) as {
        users: { user: object }[];
      };
      config.users[0]!.user = { token: (await namespace.kubectl("create", "token", "nobody")).trim() };
      await writeFile(join(folder, "config"), JSON.stringify(config));
      const nobody = await createClusterClient({ kubeconfig: join(folder, "config"), namespace: namespace.name });
      await expect(nobody.list("pods")).rejects.toMatchObject({
        code: "runtime_unavailable",
        message: `The platform may not list pods in the namespace ${namespace.name}: its Role lacks that permission`,
      });
      nobody.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
