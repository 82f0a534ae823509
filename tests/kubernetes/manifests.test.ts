/** What holds of every installation, read from the manifests as kubectl builds them. Nothing is applied. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readConfig } from "#server/config.ts";
import { appPort, controlPort, labels } from "#server/runtime/kubernetes/names.ts";
import { secantusVersion, serverArguments } from "#server/storage/embedded/server-kinds.ts";
import { completeSecrets } from "../../scripts/cluster/secrets.ts";
import { buildKustomization, buildManifests, findWorkloads, k8sFolder, selects, type Manifest } from "./manifests.ts";

const builds: Record<string, Manifest[]> = {};
const appsNamespace = "fastapi-platform-apps";

beforeAll(async () => {
  builds["dev"] = await buildManifests("overlays/dev");
  builds["production"] = await buildManifests("overlays/production");
  builds["everything"] = await buildKustomization({
    resources: ["overlays/production"],
    components: ["components/metrics/service-monitor", "components/gvisor", "components/image-automation"],
  });
});

describe.each(["dev", "production", "everything"])("%s", (name) => {
  const all = (): Manifest[] => builds[name]!;
  const workloads = () => findWorkloads(all());
  const ofKind = (kind: string): Manifest[] => all().filter((manifest) => manifest.kind === kind);

  test("no container has a privilege, a writable root or another user than the one it was given", () => {
    expect(workloads().length).toBeGreaterThanOrEqual(3);
    for (const { name: workload, template } of workloads()) {
      const { securityContext = {}, containers, initContainers = [] } = template.spec;
      expect(securityContext, workload).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(securityContext["runAsUser"], workload).toBeGreaterThan(0);
      for (const container of [...containers, ...initContainers])
        expect(container.securityContext, `${workload} ${container.name}`).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      expect(JSON.stringify(template), workload).not.toMatch(/hostPath|hostNetwork|hostPID|hostIPC|hostPort/);
    }
  });

  test("every container says what it needs and the most that it gets", () => {
    for (const { name: workload, template } of workloads())
      for (const { name: container, resources } of [...template.spec.containers, ...(template.spec.initContainers ?? [])])
        for (const part of [resources?.requests, resources?.limits])
          expect(Object.keys(part ?? {}).toSorted(), `${workload} ${container}`).toEqual(["cpu", "memory"]);
  });

  test("every container is watched, and no image moves under its tag", () => {
    for (const { name: workload, template } of workloads()) {
      for (const container of template.spec.containers) {
        expect(container.readinessProbe, workload).toBeDefined();
        expect(container.livenessProbe, workload).toBeDefined();
      }
      for (const { image } of [...template.spec.containers, ...(template.spec.initContainers ?? [])])
        expect(image, workload).toMatch(/:(?!latest$)[\w][\w.-]*$|@sha256:[0-9a-f]{64}$/);
    }
  });

  test("rights are those in the namespace of the apps, named one by one", () => {
    expect(ofKind("ClusterRole")).toEqual([]);
    expect(ofKind("ClusterRoleBinding")).toEqual([]);
    const roles = ofKind("Role");
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual([appsNamespace]);
    const rights = roles.flatMap(({ rules }) => rules as { resources: string[]; verbs: string[] }[]);
    for (const { resources, verbs } of rights) {
      for (const resource of resources) expect(resource).toMatch(/^[a-z]+(\/log)?$/);
      for (const verb of verbs) expect(["get", "list", "watch", "create", "patch", "update", "delete"]).toContain(verb);
    }
    expect(ofKind("RoleBinding").map(({ metadata, subjects }) => [metadata.namespace, subjects])).toEqual([
      [appsNamespace, [{ kind: "ServiceAccount", name: "platform", namespace: "fastapi-platform" }]],
    ]);
  });

  test("only what runs apps has a token, and the account that it is of", () => {
    for (const { name: workload, template } of workloads()) {
      const runsApps = template.metadata.labels["fastapi-platform/runs-apps"] === "yes";
      expect(template.spec.automountServiceAccountToken, workload).toBe(runsApps);
      expect(template.spec.serviceAccountName, workload).toBe(runsApps ? "platform" : "without-rights");
    }
  });

  test("in both namespaces nothing is open that no policy names, and both hold to the strictest standard", () => {
    const namespaces = ofKind("Namespace").map(({ metadata }) => metadata);
    expect(namespaces.map((each) => each.name).toSorted()).toEqual(["fastapi-platform", appsNamespace]);
    for (const { name: namespace, labels: given } of namespaces) {
      expect(given?.["pod-security.kubernetes.io/enforce"]).toBe("restricted");
      const denies = ofKind("NetworkPolicy").filter(
        ({ metadata, spec }) => metadata.namespace === namespace && Object.keys(spec.podSelector).length === 0,
      );
      expect(denies.map(({ spec }) => spec)).toEqual([{ podSelector: {}, policyTypes: ["Ingress", "Egress"] }]);
    }
  });

  test("pods of apps are reached at their two ports by what runs apps, and reach the door: nothing else", () => {
    const policies = ofKind("NetworkPolicy").filter(
      ({ metadata, spec }) => metadata.namespace === appsNamespace && Object.keys(spec.podSelector).length > 0,
    );
    const inward = policies.flatMap(({ spec }) => (spec.ingress ?? []) as { from: object[]; ports: { port: number }[] }[]);
    const outward = policies.flatMap(({ spec }) => (spec.egress ?? []) as { to: object[]; ports: { port: number }[] }[]);
    const peer = (label: string) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "fastapi-platform" } },
      podSelector: { matchLabels: { [`fastapi-platform/${label}`]: "yes" } },
    });
    expect(inward).toEqual([{ from: [peer("runs-apps")], ports: [appPort, controlPort].map((port) => ({ protocol: "TCP", port })) }]);
    expect(outward).toEqual([{ to: [peer("door")], ports: [{ protocol: "TCP", port: settingsOf(all()).doorPort }] }]);
    for (const { spec } of policies) expect(spec.podSelector.matchExpressions[0].key).toBe(labels.component);
  });

  test("each Service and disruption budget has its pods, and each port is one of theirs", () => {
    const templates = workloads().map(({ template }) => template);
    for (const { metadata, spec } of ofKind("Service")) {
      const behind = templates.filter((template) => selects(spec.selector, template.metadata.labels));
      expect(behind.length, metadata.name).toBeGreaterThan(0);
      for (const { targetPort } of spec.ports)
        for (const { spec: pod } of behind)
          expect(pod.containers.flatMap(({ ports = [] }) => ports.map((port) => port.name))).toContain(targetPort);
    }
    for (const { metadata, spec } of ofKind("PodDisruptionBudget")) {
      const of = workloads().filter(({ template }) => selects(spec.selector.matchLabels, template.metadata.labels));
      expect(
        of.map(({ manifest }) => manifest["spec"].replicas),
        metadata.name,
      ).toEqual([2]);
    }
  });

  test("settings are ones that the platform takes, the same image for every pod of an app", () => {
    const { config, runner } = settingsOf(all());
    expect(config.cluster).toMatchObject({ appsNamespace, runnerImage: runner });
    expect(config.doorPort).toBe(3129);
  });

  test("no secret is in the manifests, and each that they ask for is made by cluster:secrets", () => {
    expect(ofKind("Secret")).toEqual([]);
    const made = Object.keys(completeSecrets({}, (bytes) => "0".repeat(bytes * 2)).secrets);
    const asked = workloads().flatMap(({ template }) => [
      ...(template.spec.volumes ?? []).flatMap(({ secret }) => secret?.items.map(({ key }) => key) ?? []),
      ...template.spec.containers.flatMap(({ env = [] }) => env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.key ?? [])),
    ]);
    expect(new Set(asked).size).toBeGreaterThanOrEqual(4);
    for (const key of asked) expect(made).toContain(key);
  });
});

test("production has two of each role, spread and with a budget, and nothing that only one node can do", () => {
  const deployments = builds["production"]!.filter(({ kind }) => kind === "Deployment");
  expect(deployments.map(({ metadata }) => metadata.name).toSorted()).toEqual(["egress", "gateway", "web", "worker"]);
  for (const { spec } of deployments) {
    expect(spec.replicas).toBe(2);
    expect(spec.template.spec.topologySpreadConstraints).toHaveLength(2);
    expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  }
  expect(builds["production"]!.some(({ kind, spec }) => kind === "Service" && spec.type === "NodePort")).toBe(false);
});

test("gVisor is a setting and a RuntimeClass of the same name", () => {
  const found = builds["everything"]!.find(({ kind }) => kind === "RuntimeClass");
  expect(settingsOf(builds["everything"]!).config.cluster?.runtimeClass).toBe(found?.metadata.name);
});

test("the embedded database runs as on one machine, in the version that was measured", async () => {
  const server = findWorkloads(builds["dev"]!).find(({ manifest }) => manifest.kind === "StatefulSet")!.template.spec.containers[0]!;
  const local = serverArguments({ kind: "secantusd", binary: "", port: 27_017, storagePath: "/var/lib/mongodb/secantusd", keyFile: "" });
  expect(server.args).toEqual(local.map((argument) => (argument === "127.0.0.1" ? "0.0.0.0" : argument)));
  expect(await readFile(join(k8sFolder, "components/mongodb-embedded/Containerfile"), "utf8")).toContain(`--version ${secantusVersion} `);
});

/** The configuration that a pod of this installation reads. @throws what the platform would say at start. */
function settingsOf(manifests: readonly Manifest[]) {
  const data = manifests.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("platform-"))!["data"] as Record<
    string,
    string
  >;
  // Files of the Secret are not here; what they hold is.
  const { SECRET_KEY_FILE: _, SETUP_CODE_FILE: __, ...rest } = data;
  const given = { ...rest, ROLE: "gateway", MONGO_URL: "mongodb://mongodb/", SECRET_KEY: "0".repeat(64), SETUP_CODE: "0".repeat(16) };
  const config = readConfig(given);
  const runner = findWorkloads(manifests).find(({ manifest }) => manifest.metadata.name === "runner-image")!.template.spec.containers[0]!
    .image;
  return { config, runner, doorPort: config.doorPort };
}
