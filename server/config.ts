/** The environment, read once at start and checked. Every variable is described in docs/configuration.md. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

const integer = (least: number, most: number, fallback: number) => z.coerce.number().int().min(least).max(most).default(fallback);
const dnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "is no name that Kubernetes knows: lower-case letters, digits and hyphens");
/** `host:port`, also `[::1]:3129`. */
const address = z.string().regex(/^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/, "is host:port");

const schema = z.object({
  PORT: integer(1, 65_535, 3000),
  HOST: z.string().min(1).optional(),
  PUBLIC_URL: z.url().optional(),
  APPS_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .default("localhost"),
  DATA_DIR: z.string().min(1).default(".data"),
  MONGO_URL: z.string().optional(),
  RUNTIME: z.enum(["local", "kubernetes"]).default("local"),
  ROLE: z.enum(["all", "web", "gateway", "worker", "egress"]).default("all"),
  SECRET_KEY: z.string().min(32).optional(),
  SECRET_KEY_FILE: z.string().optional(),
  SETUP_CODE: z.string().min(8).optional(),
  SETUP_CODE_FILE: z.string().optional(),
  TRUSTED_PROXIES: z.string().default(""),
  APPS_ADDRESSING: z.enum(["host", "port"]).default("host"),
  APP_BODY_LIMIT_MB: integer(0, 1_000_000, 0),
  WARM_POOL: integer(0, 1_000, 2),
  WARM_POOL_MEMORY_MIB: integer(32, 65_536, 512),
  SLEEP_AFTER_MINUTES: integer(1, 1440, 15),
  SIGNUP: z.enum(["open", "closed"]).default("open"),
  METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  APPS_NAMESPACE: dnsLabel.default("fastapi-platform-apps"),
  RUNNER_IMAGE: z.string().min(1).optional(),
  RUNTIME_CLASS: dnsLabel.optional(),
  PARK_AFTER: integer(0, 2_000, 500),
  DOOR_ADDRESS: address.optional(),
  DOOR_PORT: integer(1, 65_535, 3129),
  GATEWAY_ADDRESS: address.optional(),
  KUBECONFIG: z.string().optional(),
  /** Set by the bootstrap: the runner's Python, the folder with the types of its packages, and the folder of this installation. */
  FP_PYTHON: z.string().default("python3"),
  FP_PYTHON_TYPES: z.string().optional(),
  FP_ROOT: z.string().default("."),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
type Environment = z.output<typeof schema>;

/** What of the platform a process does. */
export type Duty = "web" | "gateway" | "worker" | "egress";

export interface ClusterConfig {
  appsNamespace: string;
  runnerImage: string;
  /** A RuntimeClass for apps, such as gVisor's; the cluster's own when it is not set. */
  runtimeClass: string | undefined;
  /** Apps that sleep with their objects in the cluster; those beyond are parked. */
  parkAfter: number;
  /** Where pods reach the door, `host:port`; without it they have no way out. */
  doorAddress: string | undefined;
  /** In a cluster its own account is used, and this is not looked at. */
  kubeconfig: string | undefined;
}

export interface Config {
  port: number;
  host: string;
  /** Without a trailing slash. */
  publicUrl: string;
  appsDomain: string;
  /** Apps are told apart by host name, or each has a port of its own. */
  appsAddressing: "host" | "port";
  /** The largest body of a request to an app, in bytes; unlimited when it is not set. */
  appBodyBytes: number;
  dataDir: string;
  /** Set by the bootstrap when the embedded server is used. */
  mongoUrl: string;
  trustedProxies: readonly string[];
  warmPool: number;
  warmPoolMemoryMiB: number;
  sleepAfterMinutes: number;
  signup: "open" | "closed";
  logLevel: "debug" | "info" | "warn" | "error";
  /** The Python that runs apps. */
  python: string;
  /** Where the archive of the types of packages is, if there is one; an image carries it. */
  pythonTypesDir: string;
  /** The folder with `runner/`, `templates/` and the build. */
  rootDir: string;
  secretKey: string | undefined;
  secretKeyFile: string | undefined;
  /** Only loopback visitors can reach this installation, so that the first sign-up needs no setup code. */
  loopbackOnly: boolean;
  runtime: "local" | "kubernetes";
  role: Duty | "all";
  /** The same as a list. */
  duties: readonly Duty[];
  /** Set exactly when `runtime` is `kubernetes`: there are other processes of this installation, or may be. */
  cluster: ClusterConfig | undefined;
  /** The port of the door, on `host`. */
  doorPort: number;
  /** Where this process reaches the gateway, when it is none itself. */
  gatewayAddress: { host: string; port: number } | undefined;
  /** A port of its own for the counters; they are not on the main one then. */
  metricsPort: number | undefined;
  /** The code that the first sign-up must carry, when it was given; otherwise the platform makes one. */
  setupCode: string | undefined;
}

/**
 * Reads the configuration from `environment`; a variable that is empty counts as absent.
 * @throws Error naming every variable that is wrong and why.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  const problems = parsed.success
    ? findProblems(parsed.data)
    : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  if (!parsed.success || problems.length > 0)
    throw new Error(`The environment is not usable:\n${problems.map((line) => `  ${line}`).join("\n")}\nSee docs/configuration.md.`);
  return toConfig(parsed.data);
}

/** What no variable says by itself. */
function findProblems(env: Environment): string[] {
  const problems: string[] = [];
  if (env.RUNTIME === "local") {
    if (env.ROLE !== "all") problems.push("ROLE: with RUNTIME=local one process is everything (ROLE=all): apps are its children");
    return problems;
  }
  const need = (name: string, missing: boolean, why: string): void => {
    if (missing) problems.push(`${name}: RUNTIME=kubernetes needs it: ${why}`);
  };
  need("SECRET_KEY", !env.SECRET_KEY && !env.SECRET_KEY_FILE, "or SECRET_KEY_FILE; every process must have the same");
  need("MONGO_URL", !env.MONGO_URL, "the database that all processes share");
  need("RUNNER_IMAGE", !env.RUNNER_IMAGE, "the image that apps run in");
  if (env.APPS_ADDRESSING === "port") problems.push("APPS_ADDRESSING: on a cluster apps are told apart by host name only");
  if (env.METRICS_PORT !== undefined && env.METRICS_PORT === env.PORT) problems.push("METRICS_PORT: it must be another port than PORT");
  return problems;
}

function toConfig(env: Environment): Config {
  const clustered = env.RUNTIME === "kubernetes";
  // In a pod the address is the cluster's to give, and probes come from outside.
  const host = env.HOST ?? (clustered ? "0.0.0.0" : "127.0.0.1");
  return {
    port: env.PORT,
    host,
    publicUrl: (env.PUBLIC_URL ?? `http://localhost:${env.PORT}`).replace(/\/$/, ""),
    appsDomain: env.APPS_DOMAIN,
    appsAddressing: env.APPS_ADDRESSING,
    appBodyBytes: env.APP_BODY_LIMIT_MB === 0 ? Number.POSITIVE_INFINITY : env.APP_BODY_LIMIT_MB * 1_000_000,
    dataDir: resolve(env.DATA_DIR),
    mongoUrl: env.MONGO_URL ?? "",
    trustedProxies: env.TRUSTED_PROXIES.split(",")
      .map((entry) => entry.trim())
      .filter(Boolean),
    warmPool: env.WARM_POOL,
    warmPoolMemoryMiB: env.WARM_POOL_MEMORY_MIB,
    sleepAfterMinutes: env.SLEEP_AFTER_MINUTES,
    signup: env.SIGNUP,
    logLevel: env.LOG_LEVEL,
    python: env.FP_PYTHON,
    pythonTypesDir: resolve(env.FP_PYTHON_TYPES ?? join(env.FP_ROOT, "python-types")),
    rootDir: resolve(env.FP_ROOT),
    secretKey: env.SECRET_KEY,
    secretKeyFile: env.SECRET_KEY_FILE,
    loopbackOnly: !clustered && ["127.0.0.1", "::1", "localhost"].includes(host),
    runtime: env.RUNTIME,
    role: env.ROLE,
    duties: env.ROLE === "all" ? ["web", "gateway", "worker", ...(clustered ? (["egress"] as const) : [])] : [env.ROLE],
    cluster: clustered ? toCluster(env) : undefined,
    doorPort: env.DOOR_PORT,
    gatewayAddress: env.GATEWAY_ADDRESS === undefined ? undefined : toAddress(env.GATEWAY_ADDRESS),
    metricsPort: env.METRICS_PORT,
    setupCode: env.SETUP_CODE ?? (env.SETUP_CODE_FILE === undefined ? undefined : readSetupCode(env.SETUP_CODE_FILE)),
  };
}

const toCluster = (env: Environment): ClusterConfig => ({
  appsNamespace: env.APPS_NAMESPACE,
  runnerImage: env.RUNNER_IMAGE!,
  runtimeClass: env.RUNTIME_CLASS,
  parkAfter: env.PARK_AFTER,
  doorAddress: env.DOOR_ADDRESS,
  kubeconfig: env.KUBECONFIG,
});

function toAddress(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(text.slice(at + 1)) };
}

/** @throws Error when the file cannot be read or holds no code. */
function readSetupCode(path: string): string {
  const code = readFileSync(path, "utf8").trim();
  if (code.length < 8) throw new Error(`SETUP_CODE_FILE: ${path} holds no code of 8 characters or more.`);
  return code;
}
