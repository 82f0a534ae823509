/** The cluster runtime on a real cluster, held to the conformance suite that the local one passes. */
import { createKubernetesRuntime } from "#server/runtime/kubernetes/index.ts";
import { describeRuntime } from "../conformance/runtime-suite.ts";
import { waitFor } from "../wait.ts";
import { makeAppsNamespace, runnerImage } from "./apps-namespace.ts";

describeRuntime(
  "cluster runtime",
  async (specOf) => {
    const namespace = await makeAppsNamespace();
    const runtime = createKubernetesRuntime({
      namespace: namespace.name,
      runnerImage,
      door: null,
      warmPool: 2,
      warmPoolMemoryMiB: 512,
      parkAfter: 500,
      specOf,
      findLive: async (appIds) => new Set(appIds),
      logger: { info: () => {}, warn: (message) => console.warn(message) },
      worker: true,
    });
    const start = runtime.start;
    return {
      runtime: Object.assign(Object.create(runtime) as typeof runtime, {
        start: async () => {
          await start();
          await waitFor("a pool", () => runtime.isolation.level === "sandbox" && runtime.warmRunners >= 2, 90_000);
        },
      }),
      outsidePort: 1,
      secretPaths: [
        "/var/run/secrets/kubernetes.io/serviceaccount",
        "/run/fp/claim/claim.json",
        "/etc/shadow",
        "/proc/1/environ",
        "/proc/1/mem",
      ],
      close: () => namespace.remove(),
    };
  },
  { limitsMemory: true, mostProcesses: 256, isolates: "policies" },
);
