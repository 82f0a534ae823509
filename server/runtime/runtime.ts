/**
 * The port between the platform and whatever runs apps. Everything above it speaks of apps, versions and instances;
 * processes, sockets and pods are an adapter's affair. Two adapters: `local` (sandboxed processes) and, on a cluster, `kubernetes`.
 */
import type { DeployStage } from "#core/contract/deployment.ts";
import type { Framework } from "#core/contract/app.ts";
import type { Files } from "#core/contract/files.ts";

export interface InstanceLimits {
  memoryMiB: number;
  /** Cores; 0.5 is half of one. */
  cpus: number;
  processes: number;
  /** Requests in flight per instance. */
  concurrency: number;
}

/** All an instance needs. `files` are read only when the adapter does not hold the bundle `bundleHash` yet. */
export interface InstanceSpec {
  appId: string;
  slug: string;
  /** The version's number, or 0 while it has none (its first deployment is under way). */
  version: number;
  bundleHash: string;
  readFiles(): Promise<Files>;
  entrypoint: string;
  env: Readonly<Record<string, string>>;
  /** A secret of the app, the same for each of its instances: what signs its visitors' sessions where it brings no key itself. */
  sessionKey: string;
  /** The app's database: its credentials, without an address (the adapter knows by which socket or host it is reached). */
  database: { name: string; username: string; password: string } | null;
  limits: InstanceLimits;
}

/** Where an instance answers HTTP. */
export type Endpoint = { instanceId: string; version: number } & ({ socketPath: string } | { host: string; port: number });

/** What went wrong when an app was loaded; file and line are relative to the bundle where they lie in it. */
export interface LoadError {
  /** `load`: at import; `entrypoint`: no app found; `lifespan`: start-up failed; `timeout`; `memory`; `exit`: the process ended. */
  kind: "load" | "entrypoint" | "lifespan" | "timeout" | "memory" | "exit";
  type: string;
  message: string;
  file?: string;
  line?: number;
  column?: number;
  traceback?: string;
}

export interface LoadReport {
  ok: boolean;
  framework: Framework | null;
  factory: boolean;
  routes: { path: string; methods: string[]; name: string }[];
  importMs: number;
  error?: LoadError;
}

/** A step of `deploy`. `failed` is the last one and carries the error; the old instance, if any, serves on. */
export type RuntimeDeployEvent =
  | { type: "stage"; stage: Exclude<DeployStage, "validating">; status: "started" | "succeeded"; message: string }
  | { type: "failed"; stage: Exclude<DeployStage, "validating">; error: LoadError }
  | { type: "ready"; endpoint: Endpoint; report: LoadReport };

export interface LogLine {
  at: Date;
  stream: "stdout" | "stderr" | "platform";
  text: string;
  instanceId: string;
}

/** The exception of one request, for apps without a database (the others' lie in `_platform_request_logs`). */
export interface ExceptionRecord {
  requestId: string;
  at: Date;
  type: string;
  message: string;
  file?: string;
  line?: number;
  traceback: string;
}

export type RuntimeEvent =
  /** An app has at least one instance that answers, or none any more. `reason` is for the owner, in plain words. */
  | { type: "awake"; appId: string }
  | { type: "asleep"; appId: string; reason: "idle" | "asked" | "shutdown" }
  | { type: "died"; appId: string; reason: string }
  /** The app was to be woken and cannot be started; each request tries again. */
  | { type: "failed"; appId: string; reason: string }
  | { type: "log"; appId: string; line: LogLine }
  | { type: "exception"; appId: string; record: ExceptionRecord };

export interface WakeResult {
  endpoint: Endpoint;
  /** ms from the call to an instance that answers; 0 when one was there. */
  waitedMs: number;
}

export interface Isolation {
  /** `sandbox`: bubblewrap with namespaces; `none`: a plain process. */
  level: "sandbox" | "none";
  /** Whether memory, CPU and process limits are enforced by cgroups, or by rlimits only. */
  limits: "cgroup" | "rlimit";
  /** For the admin and the log, in words. */
  detail: string;
}

/** Why an instance ended: what was asked for, or what befell it. `stuck`: asked to end, it did not in time and was killed. */
export type EndReason = "idle" | "asked" | "replaced" | "shutdown" | "removed" | "memory" | "exit" | "killed" | "stuck" | "not_started";

/** What an app was refused of: lines of output, exception records, messages to the platform, processes and threads. */
export type Limited = "log_lines" | "exceptions" | "messages" | "processes";

/** What an adapter counts, for the platform's metrics. Each returns at once and never throws. */
export interface RuntimeCounts {
  instanceEnded(reason: EndReason): void;
  /** `start`: whether a runner was warm when it was asked for. */
  woken(start: "warm" | "cold", ms: number): void;
  wakeFailed(): void;
  limited(what: Limited, count: number): void;
  /** Seconds that an app waited for its share of the CPU. */
  throttled(seconds: number): void;
}

/** Counts nothing. */
export const uncounted: RuntimeCounts = {
  instanceEnded: () => {},
  woken: () => {},
  wakeFailed: () => {},
  limited: () => {},
  throttled: () => {},
};

export interface Runtime {
  readonly isolation: Isolation;
  /** Starts the warm pool. Ends, with every instance, when `stop` is called or the process dies. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Loads the files in a throw-away runner without network or database, 5 s at most. Never throws for the app's own failures. */
  check(files: Files, entrypoint: string, env: Readonly<Record<string, string>>): Promise<LoadReport>;
  /**
   * Loads `spec` once in a fresh runner beside the serving one; the runner that loaded well becomes the new instance.
   * `commit` is called when it answers and before it gets traffic: what makes the version live durable goes there; when it
   * throws, the new instance is dropped and the error passes on. Then traffic switches and the old instance drains.
   */
  deploy(spec: InstanceSpec, commit: (endpoint: Endpoint) => Promise<void>, signal: AbortSignal): AsyncIterable<RuntimeDeployEvent>;
  /**
   * Gives an endpoint that answers, starting an instance when there is none: one flight per app, however many callers.
   * @throws AppError `app_failed` when the app cannot be started (with its LoadError in `extra.error`), `runtime_unavailable` when nothing can be.
   */
  wake(appId: string): Promise<WakeResult>;
  /** Stops the app's instances after their requests; resolves to false, and does nothing, while a request is in flight unless `force`. */
  sleep(appId: string, options?: { force?: boolean }): Promise<boolean>;
  /** Stops the app and removes all that the adapter keeps of it. Idempotent. */
  remove(appId: string): Promise<void>;
  /** The instances that answer now; in memory, never awaited per request. */
  endpoints(appId: string): readonly Endpoint[];
  /**
   * Counts a request or socket in and out, so that sleep and drain can wait for it. Returns the function that counts it out, or
   * null when the instance takes no more: it was told to end, or has ended, since the caller heard of it.
   */
  enter(appId: string, instanceId: string): (() => void) | null;
  /** Events from now on. Ends when `signal` aborts. */
  watch(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

/** Where an adapter gets what it must start when an app wakes. Null: nothing is live. */
export type SpecSource = (appId: string) => Promise<InstanceSpec | null>;
