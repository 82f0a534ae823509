/** A namespace for apps as the manifests make it, for one test file: what they may do is decided by the API server, not by the test. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** From where the tests' own process reaches pods: a policy lets it in as the manifests let the gateway in. */
const testerNetwork = process.env["FP_TESTER_CIDR"] ?? "10.123.0.0/24";

/** In the cluster's nodes. */
export const runnerImage = process.env["FP_RUNNER_IMAGE"] ?? "localhost/fastapi-platform-runner:test";

export const kubectl = async (args: readonly string[], input = ""): Promise<string> => {
  const running = execute("kubectl", [...args], { maxBuffer: 64 * 1_048_576 });
  running.child.stdin?.end(input);
  return (await running).stdout;
};

export interface AppsNamespace {
  name: string;
  /** `kubectl -n <name>`. */
  kubectl(...args: string[]): Promise<string>;
  /** Lets the gated pods of these labels start, as the platform does: an app's when there is no warm one, the pool's when nobody wakes. */
  release(selector: string): Promise<void>;
  remove(): Promise<void>;
}

/** `egressTo`: addresses that pods may reach besides nothing. */
export async function makeAppsNamespace(egressTo: readonly { cidr: string; port: number }[] = []): Promise<AppsNamespace> {
  const name = `fp-test-${randomBytes(4).toString("hex")}`;
  const policy = (policyName: string, spec: object) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: policyName, namespace: name },
    spec: { podSelector: {}, ...spec },
  });
  const objects = [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    },
    policy("nothing", { policyTypes: ["Ingress", "Egress"] }),
    policy("from-the-platform", {
      policyTypes: ["Ingress"],
      podSelector: { matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: ["app", "pool", "check"] }] },
      ingress: [{ from: [{ ipBlock: { cidr: testerNetwork } }], ports: [{ port: 8000 }, { port: 8001 }] }],
    }),
    ...(egressTo.length === 0
      ? []
      : [
          policy("to-the-door", {
            policyTypes: ["Egress"],
            egress: egressTo.map(({ cidr, port }) => ({ to: [{ ipBlock: { cidr } }], ports: [{ port }] })),
          }),
        ]),
  ];
  await kubectl(["apply", "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n---\n"));
  const inNamespace = async (...args: string[]): Promise<string> => await kubectl(["-n", name, ...args]);
  return {
    name,
    kubectl: inNamespace,
    async release(selector) {
      const pods = ["pods", "-l", selector];
      await inNamespace("wait", "--for=create", ...pods, "--timeout=60s");
      const gated = (await inNamespace("get", ...pods, "-o", "name")).trim().split("\n");
      await inNamespace("patch", ...gated, "--type=json", "-p", '[{"op":"remove","path":"/spec/schedulingGates"}]');
    },
    remove: async () => void (await kubectl(["delete", "namespace", name, "--wait=false"])),
  };
}
