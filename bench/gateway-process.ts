/**
 * The gateway as the platform builds it, alone in a process: its HTTP server, its short way in, its rules, table and records. Only the
 * runtime is a stand-in that knows one instance. `node bench/gateway-process.ts <socket> [node]` prints the port; with `node`, every
 * request takes the long way through node's HTTP server.
 */
import { createGateway } from "#server/gateway/index.ts";
import type { RequestRecord, Route } from "#server/gateway/index.ts";
import { showConnections } from "#server/prepare/connections.ts";
import { createHttpServer } from "#server/prepare/http-server.ts";
import type { Endpoint, Runtime } from "#server/runtime/runtime.ts";
import { createBatch } from "#server/storage/batch.ts";
import type { AddressInfo } from "node:net";

const [socketPath = "", way = "short"] = process.argv.slice(2);
const endpoint: Endpoint = { instanceId: "i1", version: 1, socketPath };
const route: Route = { appId: "a1", slug: "notes", state: "live", sleepAfterMs: 900_000 };
const never = (): never => {
  throw new Error("nothing here is deployed, woken or put to sleep");
};
let entered = 0;
const runtime: Runtime = {
  isolation: { level: "none", limits: "rlimit", detail: "a stand-in" },
  start: async () => {},
  stop: async () => {},
  check: never,
  deploy: never,
  wake: never,
  sleep: never,
  remove: never,
  endpoints: () => [endpoint],
  enter: () => {
    entered += 1;
    return () => void (entered -= 1);
  },
  async *watch() {},
};
// Collected as the platform collects them, and thrown away where it writes: the database is a process of its own.
const records = createBatch<RequestRecord>(async () => {});
const gateway = createGateway({
  routes: {
    find: (slug) => (slug === route.slug ? route : undefined),
    findById: (appId) => (appId === route.appId ? route : undefined),
    describe: async () => undefined,
  },
  runtime,
  recordRequest: (record) => records.add(record),
  publicUrl: "http://localhost:3000",
  appsDomain: "localhost",
  trustedProxies: [],
  sleepAfterDefaultMs: 900_000,
  logger: console,
  // An app's rate is limited to less than is sent here.
  limits: { requestsPerSecond: 1e9, requestBurst: 1e9 },
});
const server = createHttpServer();
if (way === "short") showConnections(server, () => gateway.handleConnection);
server.on("request", (request, response) => gateway.handleRequest(request, response));
gateway.start();
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
