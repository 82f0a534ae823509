/**
 * A gateway on a real port in front of real HTTP servers on real Unix sockets. Only the runtime between them is a fake, in memory:
 * what is tested is the gateway's side of the port, and a fake can be made to wake slowly, fail, or point at a dead socket on cue.
 * The real runtime's side is held by its own conformance suite.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { showConnections } from "#server/prepare/connections.ts";
import type { TakeConnection } from "#server/prepare/connections.ts";
import { createHttpServer } from "#server/prepare/http-server.ts";
import type { HttpServerOptions } from "#server/prepare/http-server.ts";
import type { Endpoint, Runtime, RuntimeEvent, WakeResult } from "#server/runtime/runtime.ts";
import { createGateway } from "./index.ts";
import type { Gateway, GatewayOptions, RequestRecord, Route } from "./index.ts";

export interface FakeRuntime extends Runtime {
  ready: Endpoint[];
  wakes: number;
  sleeps: string[];
  /** In flight now, and ever. */
  entered: number;
  enters: number;
  onWake: () => Promise<WakeResult>;
  emit(event: RuntimeEvent): void;
}

export function createFakeRuntime(): FakeRuntime {
  const never = (): never => {
    throw new Error("the gateway does not call this");
  };
  const events = new EventTarget();
  const runtime: FakeRuntime = {
    isolation: { level: "none", limits: "rlimit", detail: "fake" },
    ready: [],
    wakes: 0,
    sleeps: [],
    entered: 0,
    enters: 0,
    onWake: () => Promise.reject(new Error("nothing to wake")),
    start: async () => {},
    stop: async () => {},
    check: never,
    deploy: never,
    remove: never,
    wake: async () => {
      if (runtime.ready[0] !== undefined) return { endpoint: runtime.ready[0], waitedMs: 0 };
      runtime.wakes += 1;
      return runtime.onWake();
    },
    sleep: async (appId) => {
      runtime.sleeps.push(appId);
      runtime.ready = [];
      return true;
    },
    endpoints: () => runtime.ready,
    enter: () => {
      runtime.entered += 1;
      runtime.enters += 1;
      return () => {
        runtime.entered -= 1;
      };
    },
    emit: (event) => events.dispatchEvent(new CustomEvent("event", { detail: event })),
    async *watch(signal) {
      const queue: RuntimeEvent[] = [];
      let wake = Promise.withResolvers<void>();
      events.addEventListener("event", (event) => {
        queue.push((event as CustomEvent<RuntimeEvent>).detail);
        wake.resolve();
      });
      signal.addEventListener("abort", () => wake.resolve());
      while (!signal.aborted) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
        yield* queue.splice(0);
      }
    },
  };
  return runtime;
}

export interface Instance {
  server: Server;
  endpoint: Endpoint;
}

export interface Harness {
  port: number;
  host: string;
  gateway: Gateway;
  runtime: FakeRuntime;
  route: Route;
  records: RequestRecord[];
  activity: Map<string, Date>[];
  /** Requests whose app was looked up so far. */
  received(): number;
  /** Connections that went on to node's HTTP server. */
  passedOn(): number;
  /** Starts a server on a Unix socket; it is ready only once it is put into `runtime.ready`. */
  serve(id: string, listener: RequestListener): Promise<Instance>;
  /** The same, and ready at once. */
  awake(listener: RequestListener): Promise<Instance>;
  get(path: string, options?: GetOptions): Promise<Answer>;
  /** Sends `text` as it is and resolves to all that comes back until the connection ends. */
  raw(text: string): Promise<string>;
  open(options?: { allowHalfOpen: boolean }): Socket;
  close(): Promise<void>;
}

export interface GetOptions {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | string;
  host?: string;
}

export interface Answer {
  status: number;
  message: string;
  rawHeaders: string[];
  headers: IncomingMessage["headers"];
  body: string;
  bytes: Buffer;
}

/** Without `front` every request goes through node's HTTP server. */
export async function createHarness(
  options: Partial<GatewayOptions> = {},
  { front = true, ...http }: HttpServerOptions & { front?: boolean } = {},
): Promise<Harness> {
  const folder = mkdtempSync(join(tmpdir(), "fp-gateway-"));
  const runtime = createFakeRuntime();
  const records: RequestRecord[] = [];
  const activity: Map<string, Date>[] = [];
  const route: Route = { appId: "a1", slug: "notes", state: "live", sleepAfterMs: 60_000 };
  let received = 0;
  const about = { name: "Notes & more", description: 'Says "hello" – to <you>' };
  const gateway = createGateway({
    routes: {
      find: (slug) => {
        received += 1;
        return slug === route.slug ? route : undefined;
      },
      findById: (appId) => (appId === route.appId ? route : undefined),
      describe: async (appId) => (appId === route.appId ? about : undefined),
    },
    runtime,
    recordRequest: (record) => records.push(record),
    publicUrl: "http://localhost:3000",
    appsDomain: "localhost",
    trustedProxies: [],
    sleepAfterDefaultMs: 60_000,
    logger: { warn: () => {}, error: () => {} },
    onActivity: (active) => void activity.push(active),
    // Sweeps are called for by the tests that look at them.
    sweepEveryMs: 3_600_000,
    ...options,
  });
  const server = createHttpServer(http);
  let passedOn = 0;
  const take: TakeConnection = (socket, passOn) => {
    gateway.handleConnection(socket, (...given) => {
      passedOn += 1;
      passOn(...given);
    });
  };
  if (front) showConnections(server, () => take);
  server.on("request", (req, res) => gateway.handleRequest(req, res));
  server.on("checkContinue", (req, res) => gateway.handleRequest(req, res, { continueUnsent: true }));
  server.on("upgrade", (req, socket, head) => gateway.handleUpgrade(req, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway.start();
  const { port } = server.address() as AddressInfo;
  const instances: Server[] = [];

  const harness: Harness = {
    port,
    host: "notes.localhost:3000",
    gateway,
    runtime,
    route,
    records,
    activity,
    received: () => received,
    passedOn: () => passedOn,
    async serve(id, listener) {
      const instance = createServer(listener);
      instances.push(instance);
      const socketPath = join(folder, `${id}.sock`);
      await new Promise<void>((resolve) => instance.listen(socketPath, resolve));
      return { server: instance, endpoint: { instanceId: id, version: 3, socketPath } };
    },
    async awake(listener) {
      const instance = await harness.serve(`i${instances.length + 1}`, listener);
      runtime.ready = [...runtime.ready, instance.endpoint];
      return instance;
    },
    get: (path, { method = "GET", headers = {}, body, host = harness.host } = {}) =>
      new Promise((resolve, reject) => {
        const req = httpRequest({ host: "127.0.0.1", port, path, method, headers: { host, ...headers }, agent: false }, (res) => {
          const chunks: Buffer[] = [];
          res.on("data", (chunk: Buffer) => chunks.push(chunk));
          res.on("error", reject);
          res.on("end", () => {
            const bytes = Buffer.concat(chunks);
            resolve({
              status: res.statusCode ?? 0,
              message: res.statusMessage ?? "",
              rawHeaders: res.rawHeaders,
              headers: res.headers,
              body: bytes.toString(),
              bytes,
            });
          });
        });
        req.on("error", reject);
        req.end(body);
      }),
    raw: (text) =>
      new Promise((resolve) => {
        const socket = harness.open();
        let all = "";
        socket.on("data", (chunk: Buffer) => (all += chunk.toString("latin1")));
        socket.on("close", () => resolve(all));
        socket.on("error", () => {});
        socket.write(text, "latin1");
      }),
    open: (connection) => connect({ port, host: "127.0.0.1", ...connection }),
    async close() {
      await gateway.stop();
      for (const each of [server, ...instances]) {
        each.closeAllConnections();
        each.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return harness;
}

/** Resolves once `condition` holds; it is looked at after every turn of the event loop. */
export async function until(condition: () => boolean, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
