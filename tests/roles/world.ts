/** Platform processes of several roles on one database and one stand-in cluster. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import mongoose from "mongoose";
import { createTestDatabase } from "../database.ts";
import { send, type Answer, type Sent } from "../http.ts";
import { freePort } from "../platform.ts";
import { waitFor } from "../wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";

const root = join(import.meta.dirname, "../..");

export interface RoleProcess {
  readonly name: string;
  readonly port: number;
  readonly metricsPort: number;
  output(): string;
  /** An exchange with the platform's own host. */
  call(path: string, sent?: Sent): Promise<Answer>;
  callApp(slug: string, path: string, sent?: Sent): Promise<Answer>;
  /** JSON in and out, as one user. @throws Error with the answer when the status is not 2xx. */
  api<Result = Record<string, unknown>>(token: string, method: string, path: string, body?: unknown): Promise<Result>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface RoleWorld extends AsyncDisposable {
  cluster: TestCluster;
  /** The platform's own database. */
  database: mongoose.mongo.Db;
  /** The host that the platform's pages have. */
  host: string;
  start(name: string, role: string, changes?: Record<string, string>): Promise<RoleProcess>;
  /** Creates and deploys an app by `web`, and gives it when it is live. */
  deploy(web: RoleProcess, token: string, name: string): Promise<{ id: string; slug: string; deploymentId: string }>;
}

export const files = { "app.py": "from fastapi import FastAPI\napp = FastAPI()\n" };

export async function createRoleWorld(): Promise<RoleWorld> {
  const database = createTestDatabase();
  const cluster = await startCluster();
  const client = new mongoose.mongo.MongoClient(database.url);
  const processes: RoleProcess[] = [];
  const host = "platform.example:8000";

  const start = async (name: string, role: string, changes: Record<string, string> = {}): Promise<RoleProcess> => {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, [join(root, "tests/roles/process.ts")], {
      cwd: root,
      env: {
        PATH: process.env["PATH"],
        NODE_ENV: "production",
        RUNTIME: "kubernetes",
        ROLE: role,
        HOST: "127.0.0.1",
        PORT: String(port),
        METRICS_PORT: String(metricsPort),
        DOOR_PORT: String(await freePort()),
        PUBLIC_URL: `http://${host}`,
        APPS_DOMAIN: "apps.example",
        MONGO_URL: database.url,
        SECRET_KEY: "the secret key of all processes of the roles' tests",
        RUNNER_IMAGE: "none",
        TEST_CLUSTER: cluster.url,
        TEST_NAME: name,
        ...changes,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const made = toProcess(child, { name, port, metricsPort, host });
    processes.push(made);
    await waitFor(`${name} listens`, () => made.output().includes("listening\n") || child.exitCode !== null, 60_000).catch(
      async (error: unknown) => {
        await made.stop("SIGKILL");
        throw new Error(`${name} did not start:\n${made.output()}`, { cause: error });
      },
    );
    if (child.exitCode !== null) throw new Error(`${name} ended:\n${made.output()}`);
    return made;
  };

  return {
    cluster,
    database: client.db(),
    host,
    start,
    async deploy(web, token, name) {
      const app = await web.api<{ id: string; slug: string }>(token, "POST", "/api/apps", { name, files });
      const { deploymentId } = await web.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {});
      await waitFor("the deployment ends", async () => {
        const { state } = await web.api(token, "GET", `/api/deployments/${deploymentId}`);
        return state === "succeeded";
      });
      return { ...app, deploymentId };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((one) => one.stop("SIGTERM")));
      await cluster[Symbol.asyncDispose]();
      await client.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

function toProcess(
  child: ChildProcess,
  { name, port, metricsPort, host }: { name: string; port: number; metricsPort: number; host: string },
): RoleProcess {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const made: RoleProcess = {
    name,
    port,
    metricsPort,
    output: () => output,
    call: (path, sent) => send(port, host, path, sent),
    callApp: (slug, path, sent) => send(port, `${slug}.apps.example:8000`, path, sent),
    async api<Result>(token: string, method: string, path: string, body?: unknown) {
      const answer = await made.call(path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (answer.status < 200 || answer.status > 299)
        throw new Error(`${method} ${path} at ${name} answered ${answer.status}: ${answer.text}`);
      return (answer.text ? answer.json() : null) as Result;
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      // What does not end in time is no reason to leave it running.
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await exited;
      clearTimeout(timer);
    },
  };
  return made;
}

/** Signs up at `web`. @throws Error with the answer when it is refused. */
export async function signUp(web: RoleProcess, email: string, origin: string, setupCode?: string): Promise<string> {
  const answer = await web.call("/api/auth/sign-up/email", {
    method: "POST",
    headers: { "content-type": "application/json", origin },
    body: JSON.stringify({ name: email.split("@")[0], email, password: "correct horse battery", ...(setupCode ? { setupCode } : {}) }),
  });
  if (answer.status !== 200) throw new Error(`Sign-up answered ${answer.status}: ${answer.text}`);
  return (answer.json() as { token: string }).token;
}
