import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "../http.ts";
import { freePort } from "../platform.ts";
import { waitFor } from "../wait.ts";

const root = join(import.meta.dirname, "../..");

const APP = `
import asyncio
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("/")
def home():
    return {"ok": True}

@app.get("/slow")
async def slow(seconds: float):
    await asyncio.sleep(seconds)
    return {"slept": seconds}

@app.get("/events")
async def events():
    async def source():
        while True:
            yield "data: tick\\n\\n"
            await asyncio.sleep(0.1)
    return StreamingResponse(source(), media_type="text/event-stream")

@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.send_text("hello")
    await socket.receive_text()
`;

let holder: ChildProcess;
let port: number;
let dataDir: string;
let slug: string;
let output = "";
let pid: number | null = null;

/** Whether the platform's process is gone; the holder reaps it. */
function hasEnded(): boolean {
  try {
    return pid === null || !process.kill(pid, 0);
  } catch {
    return true;
  }
}

/**
 * Resolves when the process has heard. Never a number that stands for more than this one process: 0 is all of the test run. Seen once: the
 * signal came to nothing, neither handled nor pending, and a later one was heard; so it is sent again, and said.
 */
async function terminate(): Promise<void> {
  if (pid === null || pid <= 1) return;
  const before = output.length;
  const heard = (): boolean => hasEnded() || output.slice(before).includes("Stopping");
  process.kill(pid, "SIGTERM");
  await waitFor("it stops", heard, 10_000).catch(() => {
    console.warn(`SIGTERM to ${pid} was not heard:\n${output}`);
    if (!hasEnded()) process.kill(pid!, "SIGTERM");
  });
}

/** Starts the platform on the held socket, and resolves once it answers. */
async function start(): Promise<void> {
  const before = pid;
  holder.stdin!.write("start\n");
  await waitFor("the process is there", () => pid !== before);
  await waitFor(
    "the platform is ready",
    async () => (await send(port, `localhost:${port}`, "/readyz", { timeoutMs: 120_000 })).status === 200,
    // It may have to be built first, beside whatever else this machine does.
    300_000,
  ).catch((error: unknown) => {
    throw new Error(output, { cause: error });
  });
}

beforeAll(async () => {
  port = await freePort();
  dataDir = await mkdtemp(join(tmpdir(), "fp-restart-"));
  holder = spawn("python3", [join(import.meta.dirname, "socket-holder.py"), String(port), process.execPath, join(root, "server/main.ts")], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", FP_TEST_MONGO_URL: "", DATA_DIR: dataDir, PORT: String(port), HOST: "127.0.0.1" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  holder.stdout!.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().split("\n")) {
      if (line.startsWith("started ")) pid = Number(line.slice(8));
    }
  });
  holder.stderr!.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(holder.stdout!, "data");
  await start();
  slug = await deploy();
}, 400_000);

afterAll(async () => {
  if (!hasEnded()) await terminate();
  await waitFor("the platform ended", hasEnded, 120_000);
  holder.stdin!.end();
  if (holder.exitCode === null) await once(holder, "exit");
  await rm(dataDir, { recursive: true, force: true });
}, 180_000);

async function deploy(): Promise<string> {
  const json = { "content-type": "application/json", origin: `http://localhost:${port}` };
  const call = async (path: string, headers: Record<string, string>, body?: unknown) => {
    const answer = await send(port, `localhost:${port}`, path, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? headers : { ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status > 299) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.json() as Record<string, string>;
  };
  const password = randomBytes(12).toString("hex");
  const { token } = await call("/api/auth/sign-up/email", {}, { name: "a", email: "a@example.com", password });
  const headers = { authorization: `Bearer ${token}` };
  const app = await call("/api/apps", headers, { name: "Restart", files: { "app.py": APP } });
  const { deploymentId } = await call(`/api/apps/${app["id"]}/deploy`, headers, {});
  const ended = await waitFor("the deployment ends", async () => {
    const deployment = await call(`/api/deployments/${deploymentId}`, headers);
    return deployment["state"] === "running" ? null : deployment;
  });
  expect(ended).toMatchObject({ state: "succeeded" });
  return app["slug"]!;
}

/** What the platform said until then, for a failure that only it can explain. */
function explain(error: unknown): never {
  throw new Error(`${String(error)}\n${output}`, { cause: error });
}

/** One request over `agent`; resolves to its status, or to what went wrong. */
function ask(agent: Agent, path: string): Promise<number | string> {
  return new Promise((resolve) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, agent, headers: { host: `${slug}.localhost:${port}` } }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!)).on("error", (error) => resolve(`cut: ${error.message}`));
    });
    request.on("error", (error: NodeJS.ErrnoException) => resolve(`${error.code}: ${error.message}`));
    request.end();
  });
}

/** Callers that keep their connections and ask again and again until told to stop; resolves to what each request got. */
function load(callers: number): { stop(): Promise<(number | string)[]>; count(): number } {
  const results: (number | string)[] = [];
  let going = true;
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const one = async (): Promise<void> => {
    while (going) {
      results.push(await ask(agent, "/"));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const all = Promise.all(Array.from({ length: callers }, one));
  return {
    count: () => results.length,
    async stop() {
      going = false;
      await all;
      agent.destroy();
      return results;
    },
  };
}

test("a restart under load on a socket that is handed over: not one request fails, and slow ones end", async () => {
  const traffic = load(4);
  await waitFor("traffic flows", () => traffic.count() > 50);
  const slow = ask(new Agent({ keepAlive: false }), "/slow?seconds=3");
  await waitFor("it goes on", () => traffic.count() > 60);
  await terminate();
  await waitFor("the old one ends", hasEnded, 120_000).catch(explain);
  expect(await slow).toBe(200);
  await start();
  const so = traffic.count();
  await waitFor("traffic flows again", () => traffic.count() > so + 50);
  const results = await traffic.stop();
  expect(results.filter((result) => result !== 200)).toEqual([]);
  expect(output).toContain("Stopping");
}, 400_000);

test("WebSockets are told that the platform goes away, streams end after their time, and nothing waits for them longer", async () => {
  const open = (head: string) => {
    const socket = connect(port, "127.0.0.1");
    let all = Buffer.alloc(0);
    let closed = false;
    socket.on("data", (chunk: Buffer) => (all = Buffer.concat([all, chunk])));
    socket.on("close", () => (closed = true)).on("error", () => {});
    socket.write(head);
    return { received: () => all, closed: () => closed, socket };
  };
  const host = `Host: ${slug}.localhost:${port}`;
  const ws = open(
    `GET /ws HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const stream = open(`GET /events HTTP/1.1\r\n${host}\r\n\r\n`);
  await waitFor("both are open", () => ws.received().includes("hello") && stream.received().includes("data: tick")).catch(explain);
  await terminate();
  // A close frame of the server: 1001, unmasked, behind the app's last frame.
  await waitFor("the socket is told", () =>
    ws
      .received()
      .subarray(-4)
      .equals(Buffer.from([0x88, 0x02, 0x03, 0xe9])),
  );
  const then = stream.received().length;
  await waitFor("the stream goes on", () => stream.received().length > then);
  await waitFor("both are over", () => ws.closed() && stream.closed(), 30_000);
  await waitFor("the platform ended", hasEnded, 120_000);
}, 400_000);
