/** One platform process of a role, as server/app.ts starts it, but for the pages and with the stand-in for a cluster. */
import { once } from "node:events";
import { readConfig } from "#server/config.ts";
import { createFace } from "#server/face.ts";
import { createLogger } from "#server/http/logger.ts";
import { listenForMetrics } from "#server/metrics-port.ts";
import { showConnections } from "#server/prepare/connections.ts";
import { createHttpServer } from "#server/prepare/http-server.ts";
import { createServices } from "#server/services.ts";
import { createClusterRuntime } from "./runtime.ts";

const config = readConfig(process.env);
const createRuntime = createClusterRuntime(process.env["TEST_CLUSTER"]!, process.env["TEST_NAME"]!);
const platform = await createServices(config, createLogger({ level: "warn" }), { createRuntime });
const face = await createFace(platform.services, { pages: async () => new Response("a page"), development: true });
await platform.start();
if (config.metricsPort !== undefined) await listenForMetrics(config.host, config.metricsPort, platform.services);
const server = createHttpServer();
showConnections(server, () => face.handleConnection);
server.on("request", (request, response) => face.handleRequest(request, response));
server.on("checkContinue", (request, response) => face.handleRequest(request, response, { continueUnsent: true }));
server.on("upgrade", (request, socket, head) => {
  if (!face.handleUpgrade(request, socket, head)) socket.destroy();
});
server.listen(config.port, config.host);
await once(server, "listening");
for (const notice of platform.notices) process.stdout.write(`${notice}\n`);
process.stdout.write("listening\n");
process.on("SIGTERM", () => {
  platform.drain();
  server.close();
  void platform.stop().then(() => process.exit(0));
});
