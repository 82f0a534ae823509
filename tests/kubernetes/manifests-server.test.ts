/** The manifests before the real API server: it knows each field, and Pod Security has no word of warning. Nothing but two namespaces is made. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kubectl } from "./apps-namespace.ts";
import { buildKustomization, buildManifests, type Manifest } from "./manifests.ts";

const execute = promisify(execFile);
const suffix = `test-${randomBytes(4).toString("hex")}`;

/** Kinds of operators that this cluster need not have, with the versions that are meant. */
const foreignKinds = [
  "cert-manager.io/v1 Certificate",
  "cert-manager.io/v1 Issuer",
  "image.toolkit.fluxcd.io/v1 ImagePolicy",
  "image.toolkit.fluxcd.io/v1 ImageRepository",
  "image.toolkit.fluxcd.io/v1 ImageUpdateAutomation",
  "monitoring.coreos.com/v1 ServiceMonitor",
  "notification.toolkit.fluxcd.io/v1 Receiver",
];
const isForeign = ({ apiVersion, kind }: Manifest): boolean => foreignKinds.includes(`${apiVersion} ${kind}`);

/** An installation may be here already: this one is beside it. */
const moved = (manifests: readonly Manifest[]): Manifest[] =>
  manifests.map((manifest) => {
    const text = JSON.stringify(manifest).replace(/"(fastapi-platform(?:-apps)?)"/g, (whole, name: string) =>
      whole === JSON.stringify(manifest.metadata.name) && manifest.kind !== "Namespace" ? whole : `"${name}-${suffix}"`,
    );
    const changed = JSON.parse(text) as Manifest;
    // A node port is the whole cluster's.
    for (const port of changed["spec"]?.ports ?? []) delete port.nodePort;
    return changed;
  });

/** Applies on the server without keeping it. @throws Error with what the server says. */
async function tryOnServer(manifests: readonly Manifest[]): Promise<{ applied: string[]; warnings: string }> {
  const running = execute("kubectl", ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"]);
  running.child.stdin?.end(manifests.map((manifest) => JSON.stringify(manifest)).join("\n---\n"));
  const { stdout, stderr } = await running;
  return { applied: stdout.trim().split("\n"), warnings: stderr };
}

let dev: Manifest[];
let everything: Manifest[];

beforeAll(async () => {
  dev = await buildManifests("overlays/dev");
  everything = await buildKustomization({
    resources: ["overlays/production"],
    components: ["components/metrics/service-monitor", "components/gvisor", "components/image-automation"],
  });
  const namespaces = moved(dev.filter(({ kind }) => kind === "Namespace"));
  await kubectl(["apply", "--server-side", "-f", "-"], namespaces.map((manifest) => JSON.stringify(manifest)).join("\n---\n"));
});
afterAll(async () => {
  const names = dev.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => `${metadata.name}-${suffix}`);
  await kubectl(["delete", "namespace", ...names, "--wait=false"]);
});

test.each(["dev", "production with every component"])("%s is valid as it stands, without a warning", async (name) => {
  const manifests = name === "dev" ? dev : everything;
  const own = manifests.filter((manifest) => !isForeign(manifest));
  const { applied, warnings } = await tryOnServer(moved(own));
  expect(applied).toHaveLength(own.length);
  expect(warnings).toBe("");
  const left = new Set(manifests.filter(isForeign).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`));
  expect([...left].toSorted()).toEqual(name === "dev" ? [] : foreignKinds);
});

test("a field that Kubernetes does not know is refused, so that the test above says something", async () => {
  const [deployment] = moved(dev.filter(({ kind }) => kind === "Deployment"));
  deployment!["spec"].template.spec.containers[0].readynessProbe = {};
  await expect(tryOnServer([deployment!])).rejects.toThrow(/readynessProbe/);
});

test("a pod with a privilege is warned of, so that silence above says something", async () => {
  const [deployment] = moved(dev.filter(({ kind }) => kind === "Deployment"));
  deployment!["spec"].template.spec.containers[0].securityContext.allowPrivilegeEscalation = true;
  expect((await tryOnServer([deployment!])).warnings).toMatch(/would violate PodSecurity "restricted/);
});
