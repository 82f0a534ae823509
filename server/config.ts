/** The environment, read once at start and checked. Every variable is described in docs/configuration.md. */
import { resolve } from "node:path";
import { z } from "zod";

const integer = (least: number, most: number, fallback: number) => z.coerce.number().int().min(least).max(most).default(fallback);

const schema = z.object({
  PORT: integer(1, 65_535, 3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  PUBLIC_URL: z.url().optional(),
  APPS_DOMAIN: z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .default("localhost"),
  DATA_DIR: z.string().min(1).default(".data"),
  MONGO_URL: z.string().optional(),
  RUNTIME: z.enum(["local"]).default("local"),
  ROLE: z.enum(["all"]).default("all"),
  SECRET_KEY: z.string().min(32).optional(),
  SECRET_KEY_FILE: z.string().optional(),
  TRUSTED_PROXIES: z.string().default(""),
  APPS_ADDRESSING: z.enum(["host", "port"]).default("host"),
  APP_BODY_LIMIT_MB: integer(0, 1_000_000, 0),
  WARM_POOL: integer(0, 50, 2),
  WARM_POOL_MEMORY_MIB: integer(32, 65_536, 512),
  SLEEP_AFTER_MINUTES: integer(1, 1440, 15),
  SIGNUP: z.enum(["open", "closed"]).default("open"),
  /** Set by the bootstrap: the runner's Python, and the folder of this installation. */
  FP_PYTHON: z.string().default("python3"),
  FP_ROOT: z.string().default("."),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

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
  /** The folder with `runner/`, `templates/` and the build. */
  rootDir: string;
  secretKey: string | undefined;
  secretKeyFile: string | undefined;
  /** Only loopback visitors can reach this installation, so that the first sign-up needs no setup code. */
  loopbackOnly: boolean;
}

/**
 * Reads the configuration from `environment`.
 * @throws Error naming every variable that is wrong and why.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment is not usable:\n${lines.join("\n")}\nSee docs/configuration.md.`);
  }
  const env = parsed.data;
  return {
    port: env.PORT,
    host: env.HOST,
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
    rootDir: resolve(env.FP_ROOT),
    secretKey: env.SECRET_KEY,
    secretKeyFile: env.SECRET_KEY_FILE,
    loopbackOnly: ["127.0.0.1", "::1", "localhost"].includes(env.HOST),
  };
}
