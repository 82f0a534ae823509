/** The peer on a cluster: the same app in the same image as a Deployment of its own, scaled up, its pod called until it answers. */
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { kubectl, runnerImage, type AppsNamespace } from "../tests/kubernetes/apps-namespace.ts";
import { waitFor } from "../tests/wait.ts";
import { helloApp } from "./apps.ts";
import { settleMs } from "./cluster-world.ts";

export const peerName = "ordinary Deployment, 0 → 1";

export interface ClusterPeer {
  /** From none to an answer of its one pod; ms. */
  start(): Promise<number>;
}

/** What people do today. */
export async function openPeer(namespace: AppsNamespace): Promise<ClusterPeer> {
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
                image: runnerImage,
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
      await delay(settleMs);
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
