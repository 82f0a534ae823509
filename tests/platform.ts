/** A whole platform as its own process on free ports and a folder of its own: what `npm start` starts, for tests and benchmarks. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { send, type Answer, type Sent } from "./http.ts";
import { waitFor } from "./wait.ts";

const root = join(import.meta.dirname, "..");

export interface TestPlatform {
  readonly port: number;
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Everything it printed. */
  output(): string;
  /** An exchange with the platform itself. */
  call(path: string, sent?: Sent): Promise<Answer>;
  /** An exchange with an app's host. */
  callApp(slug: string, path: string, sent?: Sent): Promise<Answer>;
  /** JSON in, JSON out, as one user. @throws Error with the answer when the status is not 2xx. */
  api<Result = Record<string, unknown>>(token: string, method: string, path: string, body?: unknown): Promise<Result>;
  signUp(email?: string): Promise<{ token: string; id: string; email: string }>;
  /** Saves and deploys `files` as a new app and waits for the outcome. */
  deploy(token: string, name: string, files: Record<string, unknown>): Promise<{ id: string; slug: string }>;
  /** Waits for a deployment's end. @throws Error with its problems when it failed. */
  settled(token: string, deploymentId: string): Promise<Record<string, unknown>>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  /** Resolves when the process has ended by itself. */
  ended(): Promise<void>;
  /** Starts it again on the same folder and port; `changes` to the environment stay for later restarts. */
  restart(changes?: Record<string, string>): Promise<void>;
  /** SIGTERM, waits for its end, removes the folder. */
  stop(): Promise<void>;
}

/** Starts a platform; `settings` adds to or replaces its settings. */
export async function startPlatform(settings: Record<string, string> = {}): Promise<TestPlatform> {
  const environment = { ...settings };
  const dataDir = await mkdtemp(join(tmpdir(), "fp-platform-"));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let child: ChildProcess;
  let output = "";
  let users = 0;

  const start = async (): Promise<void> => {
    // The flag of package.json's `start`: with V8's own 32 MB the process weighs 30 MB more and answers no faster.
    child = spawn(process.execPath, ["--max-semi-space-size=8", join(root, "server/main.ts")], {
      cwd: root,
      env: {
        ...process.env,
        NODE_ENV: "production",
        FP_TEST_MONGO_URL: "",
        // As scripts/run-pinned.mjs does.
        NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"),
        DATA_DIR: dataDir,
        PORT: String(port),
        HOST: "127.0.0.1",
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const started = child;
    const ready = async (): Promise<boolean> => started.exitCode !== null || (await platform.call("/readyz")).status === 200;
    await waitFor("the platform is ready", ready, 120_000).catch(async (error: unknown) => {
      // Nobody can stop what was never handed out.
      await end("SIGKILL");
      throw new Error(`The platform did not start:\n${output}`, { cause: error });
    });
    if (started.exitCode !== null) throw new Error(`The platform ended with ${started.exitCode}:\n${output}`);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };

  const platform: TestPlatform = {
    port,
    url,
    dataDir,
    get pid() {
      return child.pid!;
    },
    output: () => output,
    call: (path, sent) => send(port, `localhost:${port}`, path, sent),
    callApp: (slug, path, sent) => send(port, `${slug}.localhost:${port}`, path, sent),
    async api<Result>(token: string, method: string, path: string, body?: unknown) {
      const answer = await platform.call(path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
      return (answer.text ? answer.json() : null) as Result;
    },
    async signUp(email = `user-${(users += 1)}@example.com`) {
      const setupCode = environment["SETUP_CODE"];
      const body = JSON.stringify({
        name: email.split("@")[0],
        email,
        password: "correct horse battery",
        ...(setupCode ? { setupCode } : {}),
      });
      const answer = await platform.call("/api/auth/sign-up/email", {
        method: "POST",
        headers: { "content-type": "application/json", origin: url },
        body,
      });
      if (answer.status !== 200) throw new Error(`Sign-up answered ${answer.status}: ${answer.text}`);
      const { token, user } = answer.json() as { token: string; user: { id: string } };
      return { token, id: user.id, email };
    },
    async deploy(token, name, files) {
      const app = await platform.api<{ id: string; slug: string }>(token, "POST", "/api/apps", { name, files });
      const { deploymentId } = await platform.api<{ deploymentId: string }>(token, "POST", `/api/apps/${app.id}/deploy`, {});
      await platform.settled(token, deploymentId);
      return app;
    },
    async settled(token, deploymentId) {
      const ended = await waitFor(
        `deployment ${deploymentId} ends`,
        async () => {
          const deployment = await platform.api(token, "GET", `/api/deployments/${deploymentId}`);
          return deployment["state"] === "running" ? null : deployment;
        },
        60_000,
      );
      if (ended["state"] !== "succeeded") throw new Error(`The deployment failed: ${JSON.stringify(ended, null, 2)}`);
      return ended;
    },
    kill: () => end("SIGKILL"),
    async ended() {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
    async restart(changes = {}) {
      Object.assign(environment, changes);
      await start();
    },
    async stop() {
      await end("SIGTERM");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  await start();
  return platform;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
