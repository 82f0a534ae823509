import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { prepareBuild } from "#server/prepare/build.ts";
import { createTestDatabase } from "../database.ts";
import { send } from "../http.ts";
import { freePort } from "../platform.ts";
import { waitFor } from "../wait.ts";

const root = join(import.meta.dirname, "../..");

// The image is built with it.
beforeAll(() => prepareBuild({ root, progress: () => undefined, signal: new AbortController().signal }), 180_000);

/** `node server/main.ts` as in the platform's image: no Python, no shell, no folder of its own, and nothing it may write to. */
async function startInImage(environment: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "fp-image-"));
  const port = await freePort();
  const child = spawn(process.execPath, [join(root, "server/main.ts")], {
    cwd: root,
    env: {
      PATH: folder,
      HOME: join(folder, "missing/home"),
      NODE_ENV: "production",
      RUNTIME: "kubernetes",
      HOST: "127.0.0.1",
      PORT: String(port),
      DATA_DIR: join(folder, "missing/data"),
      SECRET_KEY: "a secret key that all processes have",
      RUNNER_IMAGE: "registry.example/runner:1",
      ...environment,
    },
    // Nobody: whatever a start writes by mistake is refused.
    ...(process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "exit") as Promise<[number | null]>;
  return {
    port,
    folder,
    child,
    exited,
    output: () => output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("a process of the image starts without Python, a build or a folder, answers, and ends when it is told to", async () => {
  await using database = createTestDatabase();
  const doorPort = await freePort();
  await using started = await startInImage({ ROLE: "egress", MONGO_URL: database.url, DOOR_PORT: String(doorPort) });
  const ready = async () => (await send(started.port, `10.0.0.7:${started.port}`, "/readyz")).status === 200;
  await waitFor("it is ready", async () => started.child.exitCode !== null || (await ready()), 30_000).catch((error: unknown) => {
    throw new Error(started.output(), { cause: error });
  });
  expect(started.output()).toContain("FastAPI Platform is ready");
  expect(await readdir(started.folder)).toEqual([]);
  const builtAt = (await stat(join(root, "build/.stamp"))).mtimeMs;
  started.child.kill("SIGTERM");
  expect(await started.exited).toEqual([0, null]);
  expect((await stat(join(root, "build/.stamp"))).mtimeMs).toBe(builtAt);
}, 90_000);

test("a port that is taken ends it: where a cluster sends visitors is not changed by who comes late", async () => {
  await using database = createTestDatabase();
  const taken = await freePort();
  await using first = await startInImage({
    ROLE: "egress",
    MONGO_URL: database.url,
    PORT: String(taken),
    DOOR_PORT: String(await freePort()),
  });
  await waitFor("the first is ready", () => first.output().includes("is ready"), 30_000);
  await using second = await startInImage({
    ROLE: "egress",
    MONGO_URL: database.url,
    PORT: String(taken),
    DOOR_PORT: String(await freePort()),
  });
  expect((await second.exited)[0]).toBe(1);
  expect(second.output()).toContain(`Cannot listen on 127.0.0.1:${taken}: The port is taken`);
}, 90_000);

test("without a cluster to speak to it says so and ends", async () => {
  await using database = createTestDatabase();
  await using started = await startInImage({ ROLE: "web", MONGO_URL: database.url, KUBECONFIG: "/no/such/kubeconfig" });
  expect((await started.exited)[0]).toBe(1);
  expect(started.output()).toContain("could not start");
  expect(started.output()).toMatch(/kubeconfig|cluster/i);
}, 90_000);
