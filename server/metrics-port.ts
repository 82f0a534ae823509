import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { metricsContentType, type Metrics } from "./metrics/index.ts";

/** Answers `GET /metrics` at a port that only scrapers reach. @throws the system's error when it cannot listen. */
export async function listenForMetrics(host: string, port: number, { metrics }: { metrics: Metrics }): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    const asked = request.url?.split("?", 1)[0] === "/metrics" && (request.method === "GET" || request.method === "HEAD");
    const [status, type, text] = asked ? [200, metricsContentType, metrics.render()] : [404, "text/plain", "Only GET /metrics is here.\n"];
    response.writeHead(status, { "content-type": type, "cache-control": "no-store", "content-length": Buffer.byteLength(text) });
    response.end(request.method === "HEAD" ? undefined : text);
  });
  server.listen(port, host);
  await once(server, "listening");
  return server;
}
