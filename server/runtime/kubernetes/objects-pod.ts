/**
 * The pod that an app runs in, the same whether it waits in the pool or starts with its files: what it may do is decided here. Pure.
 * Holds Kubernetes' Pod Security standard `restricted`, and more: no name service, no service account, nothing to write but memory.
 */
import { instanceLimits } from "#core/limits.ts";
import type { InstanceLimits } from "../runtime.ts";
import { appPort, containerName, controlPort, poolKeyMember, poolKeyName } from "./names.ts";
import type { PodSpec } from "./client-resources.ts";
import { seccompEnvironment } from "./seccomp-env.ts";

/** What is the same for all pods of an installation. */
export interface PodOptions {
  namespace: string;
  /** The runner's image. */
  image: string;
  /** Default `IfNotPresent`. */
  imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  /** A RuntimeClass such as gVisor's. */
  runtimeClass?: string;
  /** `host:port` of the way out and to the database; null: none. */
  door: string | null;
}

export interface PodPlan {
  /** `warm` waits for files; `serve` has them mounted. */
  start: "warm" | "serve";
  limits: Pick<InstanceLimits, "memoryMiB" | "cpus">;
  /** The door is not offered to what is only checked. */
  hasDoor: boolean;
  /** Names of what it starts from: required for `serve`. */
  mounted?: { configMap: string; secret: string; items: readonly { key: string; path: string }[] };
  /** A pod of its own is not started again: it has lost its files. One of a Deployment must be. */
  restart: "Always" | "Never";
  /** What keeps it from being scheduled until it is taken away. */
  gate?: string;
}

/** In the image; it owns nothing. */
const userId = 10_001;
/** In-flight requests of a pod that ends have 30 s (`timeLimits.drainMs`), its lifespan the rest. */
const graceSeconds = 35;
/** A bundle with its folders, page by page, beside the sockets; a ConfigMap holds 1 MiB. Memory of the app's own, when it is used. */
const runFolderMiB = 4;
/** What an idle app uses, so that a node holds many; what all use at once is what CPU weights share out. */
const cpuRequest = 0.05;
const memoryRequestPart = 4;
/** A node that is away keeps its pods for five minutes by default; apps are stateless and start elsewhere in a moment. */
const nodeAwaySeconds = 30;
/** Where the volume of files has them: below a folder, since Kubernetes refuses a file at its root whose name begins with two dots. */
const codeFolder = "code";

const toMemory = (mebibytes: number): string => `${Math.max(1, Math.round(mebibytes))}Mi`;
const toCpu = (cores: number): string => `${Math.max(1, Math.round(cores * 1_000))}m`;

/** @throws Error when `serve` has nothing mounted: a bug. */
export function toPodSpec(plan: PodPlan, options: PodOptions): PodSpec {
  const { mounted } = plan;
  if (plan.start === "serve" && !mounted) throw new Error("a pod that serves from the start needs its files");
  return {
    restartPolicy: plan.restart,
    terminationGracePeriodSeconds: graceSeconds,
    automountServiceAccountToken: false,
    ...(plan.gate === undefined ? {} : { schedulingGates: [{ name: plan.gate }] }),
    enableServiceLinks: false,
    // Names are resolved behind the door: a name service in the pod would be a way out past the list of domains.
    dnsPolicy: "None",
    dnsConfig: { nameservers: ["127.0.0.1"] },
    ...(options.runtimeClass === undefined ? {} : { runtimeClassName: options.runtimeClass }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: "RuntimeDefault" },
    },
    tolerations: ["not-ready", "unreachable"].map((condition) => ({
      key: `node.kubernetes.io/${condition}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: nodeAwaySeconds,
    })),
    containers: [toContainer(plan, options)],
    volumes: [
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: toMemory(instanceLimits.tmpMiB) } },
      { name: "run", emptyDir: { medium: "Memory", sizeLimit: toMemory(runFolderMiB) } },
      ...(mounted
        ? [
            {
              name: "code",
              configMap: {
                name: mounted.configMap,
                defaultMode: 0o444,
                items: mounted.items.map(({ key, path }) => ({ key, path: `${codeFolder}/${path}` })),
              },
            },
            { name: "claim", secret: { secretName: mounted.secret, defaultMode: 0o440 } },
          ]
        : []),
    ],
  };
}

function toContainer(plan: PodPlan, options: PodOptions): PodSpec["containers"][number] {
  const { limits } = plan;
  return {
    name: containerName,
    image: options.image,
    imagePullPolicy: options.imagePullPolicy ?? "IfNotPresent",
    // The image's entrypoint is `python -m fp_runner`, wherever its Python is.
    args: [plan.start],
    env: toEnvironment(plan, options),
    ports: [
      { name: "app", containerPort: appPort, protocol: "TCP" },
      { name: "control", containerPort: controlPort, protocol: "TCP" },
    ],
    resources: {
      requests: { memory: toMemory(limits.memoryMiB / memoryRequestPart), cpu: toCpu(Math.min(cpuRequest, limits.cpus)) },
      limits: { memory: toMemory(limits.memoryMiB), cpu: toCpu(limits.cpus) },
    },
    // Three misses: loading takes less, and a pod that was claimed while ready stays so for the ReplicaSet that takes it over.
    readinessProbe: { httpGet: { path: "/ready", port: "control" }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      { name: "run", mountPath: "/run/fp" },
      // By subPath the folder holds the files themselves, as it does after a hand-off, without the volume's links to its generations.
      ...(plan.mounted
        ? [
            { name: "code", mountPath: "/run/fp/code", subPath: codeFolder, readOnly: true },
            { name: "claim", mountPath: "/run/fp/claim", readOnly: true },
          ]
        : []),
    ],
  };
}

function toEnvironment(plan: PodPlan, options: PodOptions): NonNullable<PodSpec["containers"][number]["env"]> {
  return [
    { name: "FP_POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "FP_POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
    ...(plan.hasDoor && options.door !== null ? [{ name: "FP_DOOR", value: options.door }] : []),
    { name: "FP_SECCOMP", value: seccompEnvironment() },
    ...(plan.start === "warm" ? [{ name: "FP_POOL_KEY", valueFrom: { secretKeyRef: { name: poolKeyName, key: poolKeyMember } } }] : []),
  ];
}
