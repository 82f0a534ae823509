/**
 * Where the cluster is and who we are to it: a pod's service account, else a kubeconfig file. Of kubeconfig it reads certificates,
 * tokens, token files, passwords and credential plugins (`exec`, as managed clusters use); what it does not know, it names.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { AppError } from "#core/contract/problem.ts";

export interface ClusterAddress {
  server: URL;
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer; servername?: string; rejectUnauthorized?: boolean };
  /** The `Authorization` header, renewed as its source wants it; null: the certificate is enough. */
  authorization(): Promise<string | null>;
}

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";
/** The kubelet renews tokens at 80 % of an hour or more; a minute's age is young enough. */
const tokenAgeMs = 60_000;
const pluginTimeoutMs = 30_000;

const clusterSchema = z.object({
  server: z.url(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
  "proxy-url": z.string().optional(),
});
const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
const userSchema = z.object({
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  exec: execSchema.optional(),
  "auth-provider": z.unknown().optional(),
});
const kubeconfigSchema = z.object({
  "current-context": z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullable().transform((user) => user ?? {}) })),
});
type KubeUser = z.infer<typeof userSchema>;

const unconfigured = (message: string, cause?: unknown): AppError => new AppError("runtime_unavailable", message, { cause });

/** @throws AppError `runtime_unavailable` with what is missing. */
export async function findCluster(kubeconfig: string | undefined, environment: NodeJS.ProcessEnv = process.env): Promise<ClusterAddress> {
  const host = environment["KUBERNETES_SERVICE_HOST"];
  if (kubeconfig === undefined && host) return readServiceAccount(host, environment["KUBERNETES_SERVICE_PORT"] ?? "443");
  const listed = environment["KUBECONFIG"]?.split(delimiter).find((path) => path !== "");
  return readKubeconfig(kubeconfig ?? listed ?? join(homedir(), ".kube/config"));
}

async function readServiceAccount(host: string, port: string): Promise<ClusterAddress> {
  const tokenPath = join(serviceAccount, "token");
  try {
    const ca = await readFile(join(serviceAccount, "ca.crt"));
    const authorization = remembering(async () => ({ value: `Bearer ${(await readFile(tokenPath, "utf8")).trim()}` }));
    await authorization();
    return { server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${port}`), tls: { ca }, authorization };
  } catch (error) {
    throw unconfigured("This pod has no service account token: set serviceAccountName, and do not turn its mount off", error);
  }
}

async function readKubeconfig(path: string): Promise<ClusterAddress> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw unconfigured(`No cluster is configured: ${path} cannot be read, and this is not a pod. Set KUBECONFIG.`, error);
  });
  const parsed = kubeconfigSchema.safeParse(parse(text));
  if (!parsed.success) throw unconfigured(`${path} is not a kubeconfig: ${z.prettifyError(parsed.error)}`);
  const config = parsed.data;
  const context = config.contexts.find(({ name }) => name === config["current-context"])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (!cluster || !user) throw unconfigured(`${path}: the current context names a cluster or user that is not in it`);
  if (cluster["proxy-url"] || user["auth-provider"])
    throw unconfigured(`${path}: proxy-url and auth-provider are not supported; use exec, a token or certificates`);
  const folder = dirname(path);
  const read = async (data: string | undefined, file: string | undefined): Promise<Buffer | undefined> =>
    data !== undefined ? Buffer.from(data, "base64") : file !== undefined ? await readFile(resolve(folder, file)) : undefined;
  const [ca, cert, key] = await Promise.all([
    read(cluster["certificate-authority-data"], cluster["certificate-authority"]),
    read(user["client-certificate-data"], user["client-certificate"]),
    read(user["client-key-data"], user["client-key"]),
  ]).catch((error: Error) => {
    throw unconfigured(`${path} names a file that cannot be read: ${error.message}`, error);
  });
  return {
    server: new URL(cluster.server),
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(cluster["tls-server-name"] && { servername: cluster["tls-server-name"] }),
      ...(cluster["insecure-skip-tls-verify"] && { rejectUnauthorized: false }),
    },
    authorization: toAuthorization(user, folder),
  };
}

function toAuthorization(user: KubeUser, folder: string): () => Promise<string | null> {
  const { exec, tokenFile } = user;
  if (exec) return remembering(async () => runPlugin(exec, folder));
  if (tokenFile) return remembering(async () => ({ value: `Bearer ${(await readFile(resolve(folder, tokenFile), "utf8")).trim()}` }));
  if (user.token) return async () => `Bearer ${user.token}`;
  if (user.username) return async () => `Basic ${Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64")}`;
  return async () => null;
}

const pluginAnswerSchema = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.coerce.date().optional() }) });

async function runPlugin(exec: z.infer<typeof execSchema>, folder: string): Promise<{ value: string; until?: number }> {
  const info = { apiVersion: exec.apiVersion, kind: "ExecCredential", spec: { interactive: false } };
  const env = { ...process.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  for (const { name, value } of exec.env ?? []) Object.assign(env, { [name]: value });
  try {
    const { stdout } = await promisify(execFile)(exec.command, exec.args ?? [], { cwd: folder, env, timeout: pluginTimeoutMs });
    const { token, expirationTimestamp } = pluginAnswerSchema.parse(JSON.parse(stdout)).status;
    return { value: `Bearer ${token}`, ...(expirationTimestamp && { until: expirationTimestamp.getTime() - tokenAgeMs }) };
  } catch (error) {
    throw unconfigured(`The credential plugin ${exec.command} of the kubeconfig gave no token`, error);
  }
}

/** Asks `source` again when its value is older than a minute, or at the time it says; callers at once share one question. */
function remembering(source: () => Promise<{ value: string; until?: number }>): () => Promise<string> {
  let known: { value: string; until: number } | null = null;
  let asking: Promise<string> | null = null;
  return async () => {
    if (known && Date.now() < known.until) return known.value;
    asking ??= source()
      .then(({ value, until }) => {
        known = { value, until: until ?? Date.now() + tokenAgeMs };
        return value;
      })
      .finally(() => (asking = null));
    return asking;
  };
}
