/** The boundary of sleep with real runners: requests that come while an app falls asleep, and what keeps it awake and what does not. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import type { Files } from "#core/contract/files.ts";
import { createGateway, type Gateway, type Route } from "#server/gateway/index.ts";
import { createLocalRuntime } from "#server/runtime/local/index.ts";
import { createWorld, type World } from "../conformance/world.ts";
import { send } from "../http.ts";
import { waitFor } from "../wait.ts";
import { createRandom } from "./random.ts";

const python = process.env["FP_PYTHON"];
const seed = Number(process.env["FP_FAULTS_SEED"] ?? 20_260_412);
const sleepAfterMs = 60;
const appCount = 4;
/** Per app. */
const rounds = 75;

/** Counts how often each key came, and does everything that must, or must not, keep it awake. */
const program: Files = {
  "app.py": `import asyncio, socket, threading
from contextlib import asynccontextmanager
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse

@asynccontextmanager
async def life(app):
    yield
    print("the last line")

app = FastAPI(lifespan=life)
seen = {}

@app.api_route("/once/{key}", methods=["GET", "POST"])
def once(key: str):
    seen[key] = seen.get(key, 0) + 1
    return seen[key]

@app.get("/stream")
async def stream(ms: int):
    async def events():
        yield "data: begun\\n\\n"
        await asyncio.sleep(ms / 1000)
        yield "data: over\\n\\n"
    return StreamingResponse(events(), media_type="text/event-stream")

@app.websocket("/socket")
async def echo(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())

def call_out():
    while True:
        try:
            socket.create_connection(("127.0.0.1", 9), 0.05).close()
        except OSError:
            pass

@app.get("/work")
def work():
    threading.Thread(target=call_out, daemon=True).start()
    return "working"
`,
};

describe.runIf(python)("sleep, with real runners", () => {
  let world: World;
  let gateway: Gateway;
  let front: Server;
  let port: number;
  const routes = new Map<string, Route>();
  const names = Array.from({ length: appCount }, (_, index) => `app${index}`);

  beforeAll(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "fp-"));
    world = await createWorld(async (specOf) => ({
      runtime: createLocalRuntime({
        dataDir,
        python: python!,
        runnerDir: join(import.meta.dirname, "../../runner"),
        warmPool: 4,
        mongo: { address: () => ({ host: "127.0.0.1", port: 9 }) },
        specOf,
        logger: { info: () => {}, warn: (message) => console.warn(message) },
      }),
      outsidePort: 0,
      secretPaths: [],
      close: () => rm(dataDir, { recursive: true, force: true }),
    }));
    for (const name of names) {
      routes.set(name, { appId: name, slug: name, state: "live", sleepAfterMs });
      await world.deploy(name, program);
    }
    gateway = createGateway({
      routes: { find: (slug) => routes.get(slug), findById: (appId) => routes.get(appId), describe: async () => undefined },
      runtime: world.runtime,
      recordRequest: () => {},
      publicUrl: "http://localhost:3000",
      appsDomain: "localhost",
      trustedProxies: [],
      sleepAfterDefaultMs: sleepAfterMs,
      logger: { warn: console.warn, error: console.error },
      sweepEveryMs: 5,
    });
    front = createServer((request, response) => gateway.handleRequest(request, response));
    front.on("upgrade", (request, socket, head) => gateway.handleUpgrade(request, socket, head));
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    port = (front.address() as AddressInfo).port;
    gateway.start();
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    front?.closeAllConnections();
    front?.close();
    await world?.close();
  }, 60_000);

  const call = (name: string, path: string, method = "GET") => send(port, `${name}.localhost:3000`, path, { method, timeoutMs: 60_000 });
  const isAwake = (name: string): boolean => world.runtime.endpoints(name).length > 0;
  const fallsAsleep = (name: string): Promise<boolean> => waitFor(`${name} falls asleep`, () => !isAwake(name));

  test(`${appCount * rounds} rounds of requests at the moment of falling asleep, seed ${seed}: each is answered once`, async () => {
    let woken = 0;
    await Promise.all(
      names.map(async (name, index) => {
        const random = createRandom(seed + index);
        for (let round = 0; round < rounds; round += 1) {
          // Around the moment at which the app's time is over, or while its owner puts it to sleep.
          await delay(sleepAfterMs - 20 + random.integer(60));
          if (random.integer(3) === 0) void world.runtime.sleep(name, { force: true });
          if (!isAwake(name)) woken += 1;
          const answers = await Promise.all(
            ["a", "b", "c"].map(async (letter) => {
              await delay(random.integer(8));
              return call(name, `/once/${round}-${letter}`, random.integer(2) === 0 ? "POST" : "GET");
            }),
          );
          for (const answer of answers) expect([name, round, answer.status, answer.text]).toEqual([name, round, 200, "1"]);
        }
      }),
    );
    expect(woken).toBeGreaterThan(rounds / 2);
  }, 300_000);

  test("an open stream and an open WebSocket keep an app awake; when they end, it sleeps", async () => {
    const [streaming, connected] = ["app0", "app1"] as const;
    const stream = call(streaming, `/stream?ms=${sleepAfterMs * 12}`);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`, { headers: { host: `${connected}.localhost:3000` } });
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    await waitFor("the stream has begun", () => isAwake(streaming));
    const instances = [streaming, connected].map((name) => world.runtime.endpoints(name)[0]!.instanceId);
    expect((await stream).text).toContain("over");
    socket.send("still there");
    expect(String(await new Promise((resolve) => socket.once("message", resolve)))).toBe("still there");
    expect(world.runtime.endpoints(connected).map(({ instanceId }) => instanceId)).toEqual([instances[1]]);
    await fallsAsleep(streaming);
    socket.close();
    await fallsAsleep(connected);
  }, 60_000);

  test("work that only goes out does not keep an app awake", async () => {
    expect((await call("app2", "/work")).json()).toBe("working");
    await fallsAsleep("app2");
  });

  test("what an app prints in its shutdown is in the log before its sleep is over", async () => {
    await call("app3", "/once/last");
    const { instanceId } = world.runtime.endpoints("app3")[0]!;
    await world.runtime.sleep("app3", { force: true });
    const printed = (): boolean =>
      world.events.some((event) => event.type === "log" && event.line.instanceId === instanceId && event.line.text === "the last line");
    expect(printed()).toBe(true);
  });
});
