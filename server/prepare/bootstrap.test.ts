import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findFreePort, findStartTime } from "#server/storage/embedded/index.ts";
import { hashSources } from "./build.ts";

/** A checkout whose platform is a dozen lines: this file tests the way to the platform, which is real. */
const fixtureApp = `
export async function start() {
  return {
    handleRequest: (request, response) => response.end(JSON.stringify({ path: request.url, mongo: process.env.MONGO_URL, python: process.env.FP_PYTHON, port: process.env.PORT })),
    handleUpgrade: () => false,
    isAppHost: () => false,
    stop: async () => console.log("app stopped"),
    notices: ["Apps are isolated by nothing: this is a fixture"],
  };
}`;

let root: string;
let port: number;
const started: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fp-bootstrap-"));
  port = await findFreePort();
  await mkdir(join(root, "build/server"), { recursive: true });
  await writeFile(join(root, "build/server/index.js"), fixtureApp);
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  await writeFile(join(root, "build/.stamp"), await hashSources(root));
  await writeFile(
    join(root, "main.ts"),
    `import { runPlatform } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "index.ts")).href)};\nawait runPlatform({ root: ${JSON.stringify(root)}, development: false });\n`,
  );
});

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
  await rm(root, { recursive: true, force: true });
});

test("starts, answers, names its database in one line, stops on SIGTERM and leaves nothing", async () => {
  const platform = startPlatform();
  await platform.said(/ready: (\S+)/);
  expect(platform.output()).toMatch(/^Database: the embedded server on 127\.0\.0\.1:\d+, because no MONGO_URL and no mongod were found$/m);
  expect(platform.output()).toContain("Apps are isolated by nothing: this is a fixture");
  const answer = (await (await fetch(`http://127.0.0.1:${port}/hello`)).json()) as Record<string, string>;
  expect(answer).toMatchObject({ path: "/hello", port: String(port), python: "/nowhere/python" });
  expect(answer["mongo"]).toMatch(/^mongodb:\/\/platform:[^@]+@127\.0\.0\.1:/);

  const databasePid = await readDatabasePid();
  platform.child.kill("SIGTERM");
  const [code] = await once(platform.child, "exit");
  expect(code).toBe(0);
  expect(platform.output()).toContain("app stopped");
  expect(findStartTime(databasePid)).toBeNull();
});

test("ends in order when nobody reads what it prints any more", async () => {
  const platform = startPlatform();
  await platform.said(/ready: (\S+)/);
  const databasePid = await readDatabasePid();
  platform.child.stdout!.destroy();
  platform.child.stderr!.destroy();
  platform.child.kill("SIGTERM");
  const [code] = await once(platform.child, "exit");
  expect(code).toBe(0);
  expect(findStartTime(databasePid)).toBeNull();
});

test("a second start on the same data folder names the first and ends", async () => {
  const first = startPlatform();
  await first.said(/ready/);
  const second = startPlatform();
  const [code] = await once(second.child, "exit");
  expect(code).toBe(0);
  expect(second.output()).toContain(`already running here: http://localhost:${port}`);
});

test("a taken port: the next free one, said clearly", async () => {
  const squatter: Server = createServer((_request, response) => response.end("squatter"));
  await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
  try {
    const platform = startPlatform();
    const [, url] = await platform.said(/ready: (\S+)/);
    expect(platform.output()).toMatch(new RegExp(`Port ${port} is taken, so this is on port \\d+`));
    const taken = new URL(url!).port;
    expect(taken).not.toBe(String(port));
    expect(await (await fetch(`http://127.0.0.1:${taken}/x`)).json()).toMatchObject({ port: taken });
  } finally {
    squatter.close();
  }
});

test("killed, it takes its database with it, and starts again on the same folder", async () => {
  const first = startPlatform();
  await first.said(/ready/);
  const databasePid = await readDatabasePid();
  first.child.kill("SIGKILL");
  await once(first.child, "exit");
  await vi.waitFor(() => expect(findStartTime(databasePid)).toBeNull(), { timeout: 25_000, interval: 50 });
  const second = startPlatform();
  await second.said(/ready/);
});

test("the pages that were asked for too early say what is going on, and the failure is shown before the end", async () => {
  // A build that cannot succeed, after long enough to be looked at.
  await rm(join(root, "build/.stamp"));
  await mkdir(join(root, "node_modules/.bin"), { recursive: true });
  await writeFile(
    join(root, "node_modules/.bin/react-router"),
    "process.stdin.resume(); setTimeout(() => { console.error('app/root.tsx: no such thing'); process.exit(1) }, 1500)",
  );
  const platform = startPlatform();
  const page = await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/apps`, { headers: { accept: "text/html" } }), {
    timeout: 5_000,
    interval: 20,
  });
  expect(page.status).toBe(503);
  expect(page.headers.get("cache-control")).toBe("no-store");
  expect(await page.text()).toContain("<b>Database</b>");
  const health = await fetch(`http://127.0.0.1:${port}/healthz`);
  expect(health.headers.get("content-type")).toBe("application/problem+json");
  expect(await health.json()).toMatchObject({
    status: 503,
    code: "preparing",
    steps: expect.arrayContaining([expect.objectContaining({ id: "build" })]),
  });

  await vi.waitFor(
    async () => {
      const state = (await (await fetch(`http://127.0.0.1:${port}/_prepare/state.json`)).json()) as { state: string; error: string };
      expect(state.state).toBe("failed");
      expect(state.error).toContain("app/root.tsx: no such thing");
    },
    { timeout: 10_000, interval: 50 },
  );
  const [code] = await once(platform.child, "exit");
  expect(code).toBe(1);
  expect(platform.output()).toContain("app/root.tsx: no such thing");
});

function startPlatform() {
  const { MONGO_URL: _url, ...environment } = process.env;
  const child = spawn(process.execPath, [join(root, "main.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...environment, NODE_ENV: "production", DATA_DIR: join(root, "data"), PORT: String(port), FP_PYTHON: "/nowhere/python" },
  });
  started.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return {
    child,
    output: () => text,
    said: (pattern: RegExp) =>
      vi.waitFor(
        () => {
          const found = pattern.exec(text);
          if (!found) throw new Error(`Not said yet: ${pattern}. So far:\n${text}`);
          return found;
        },
        { timeout: 60_000, interval: 20 },
      ),
  };
}

async function readDatabasePid(): Promise<number> {
  return (JSON.parse(await readFile(join(root, "data/mongo/server.pid"), "utf8")) as { pid: number }).pid;
}
