/** The only code that names the adapters of the runtime. */
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { Egress } from "./egress/index.ts";
import type { MongoTarget } from "./runtime/forwarder.ts";
import { closeHost, createLocalRuntime, openHost, type Host, type RuntimeLogger } from "./runtime/local/index.ts";
import type { Runtime, RuntimeCounts, SpecSource } from "./runtime/runtime.ts";
import { failpoint } from "./storage/index.ts";

/** What the platform uses of a runtime beside its port. */
export interface PlatformRuntime {
  readonly runtime: Runtime;
  /** Instances that wait for an app. */
  warmRunners(): number;
  /** Calls to the cluster's API server so far, by verb and resource. Only where there is a cluster. */
  clusterCalls?(): Readonly<Record<string, number>>;
  /** Whether this process does what one process must do: of several it is one at a time, or none for a moment. */
  leads(): boolean;
  /**
   * @throws AppError `runtime_unavailable` while it cannot say which instances there are. Not when only a change of them is
   * impossible for now: a gateway that serves what is awake must not be taken out of service for that.
   */
  requireReady(): void;
}

/** What adapters need of the platform. */
export interface RuntimeParts {
  config: Config;
  begun: RuntimeBegun;
  logger: RuntimeLogger;
  counts: RuntimeCounts;
  specOf: SpecSource;
  egress: Egress;
  /** Where the database's primary is, for apps' own connections. */
  mongo: MongoTarget;
  /** What an app's pods show at the door. */
  doorCredentialOf: (appId: string) => string;
  /** Which of these apps have a live version. */
  findLive: (appIds: readonly string[]) => Promise<ReadonlySet<string>>;
  /** When the last kept line of an app was written. */
  lastLineAt: (appId: string, instanceId: string) => Promise<Date | null>;
}

/** What a runtime begins before the rest of the platform stands. */
export interface RuntimeBegun {
  host?: Promise<Host>;
  /** Ends it, where no runtime was made that would. */
  close(): Promise<void>;
}

export const nothingBegun: RuntimeBegun = { close: () => Promise.resolve() };

/**
 * On one machine: looks at it and starts the zygote, whose imports take longer than all else of a start. On a cluster there is nothing
 * to begin.
 */
export function beginRuntime({ cluster, dataDir, rootDir, python }: Config, logger: RuntimeLogger, stopping: AbortSignal): RuntimeBegun {
  if (cluster) return nothingBegun;
  const host = openHost({
    dataDir,
    runnerDir: join(rootDir, "runner"),
    python,
    onZygoteDeath: (message) => stopping.aborted || logger.warn(message),
  });
  // Whoever waits for it hears of it; until then it is nobody's unhandled rejection.
  host.catch(() => undefined);
  return { host, close: () => host.then(closeHost, () => undefined) };
}

export type CreateRuntime = (parts: RuntimeParts) => Promise<PlatformRuntime>;

/** Makes the runtime that the configuration names; nothing is begun before its `start`. */
export const createRuntime: CreateRuntime = async (parts) => (parts.config.cluster ? await createClustered(parts) : createLocal(parts));

function createLocal({ config, begun, logger, counts, specOf, egress, mongo }: RuntimeParts): PlatformRuntime {
  const runtime = createLocalRuntime({
    dataDir: config.dataDir,
    runnerDir: join(config.rootDir, "runner"),
    python: config.python,
    ...(begun.host && { host: begun.host }),
    warmPool: config.warmPool,
    warmPoolMemoryMiB: config.warmPoolMemoryMiB,
    mongo,
    egress,
    specOf,
    logger,
    counts,
    onStep: failpoint,
  });
  // The only process of its installation.
  return { runtime, warmRunners: () => runtime.warmRunners, leads: () => true, requireReady: () => undefined };
}

async function createClustered(parts: RuntimeParts): Promise<PlatformRuntime> {
  const { config, doorCredentialOf } = parts;
  const { appsNamespace, runnerImage, runtimeClass, parkAfter, doorAddress, kubeconfig } = config.cluster!;
  // Its client is a megabyte of modules that a platform on one machine never needs.
  const { createKubernetesRuntime } = await import("./runtime/kubernetes/index.ts");
  const runtime = createKubernetesRuntime({
    namespace: appsNamespace,
    runnerImage,
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    door: doorAddress === undefined ? null : { address: doorAddress, credentialOf: doorCredentialOf },
    warmPool: config.warmPool,
    warmPoolMemoryMiB: config.warmPoolMemoryMiB,
    parkAfter,
    specOf: parts.specOf,
    findLive: parts.findLive,
    lastLineAt: parts.lastLineAt,
    logger: parts.logger,
    counts: parts.counts,
    worker: config.duties.includes("worker"),
  });
  return {
    runtime,
    warmRunners: () => runtime.warmRunners,
    clusterCalls: runtime.apiCalls,
    leads: () => runtime.leads,
    requireReady: runtime.requireReady,
  };
}
