/** A whole platform in this process, whose Internet is a few servers on loopback: real runners, sandbox, relay, proxy and gateway. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Files } from "#core/contract/files.ts";
import { readConfig } from "#server/config.ts";
import { createLogger } from "#server/http/logger.ts";
import { createServices, type Services } from "#server/services.ts";
import { createTestDatabase } from "../database.ts";
import { send, type Answer } from "../http.ts";
import { freePort } from "../platform.ts";
import { waitFor } from "../wait.ts";

/** Made for these tests, for the host secure.example, and trusted by nothing else. */
const tlsFolder = join(import.meta.dirname, "secure.example");
export const certificate = readFileSync(join(tlsFolder, "cert.pem"), "utf8");

/** Whose apps they are. */
export const owner = "0123456789abcdef01234567";

export interface Internet {
  /** A server that `name` leads to; its port is opened to apps. */
  serve(name: string, server: NetServer): Promise<number>;
  serveHttp(name: string, listener: RequestListener): Promise<number>;
  serveHttps(name: string, listener: RequestListener): Promise<number>;
}

export interface EgressWorld extends AsyncDisposable {
  services: Services;
  port: number;
  internet: Internet;
  /** Deploys `files` and gives the app's slug and id. */
  deploy(name: string, files: Files): Promise<{ id: string; slug: string }>;
  callApp(slug: string, path: string): Promise<Answer>;
}

export async function createEgressWorld(): Promise<EgressWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), "fp-egress-"));
  const database = createTestDatabase();
  const port = await freePort();
  const names = new Map<string, string[]>();
  const servers: NetServer[] = [];
  const config = readConfig({
    DATA_DIR: dataDir,
    MONGO_URL: database.url,
    PORT: String(port),
    FP_ROOT: join(import.meta.dirname, "../.."),
    FP_PYTHON: process.env["FP_PYTHON"],
    WARM_POOL: "1",
  });
  const platform = await createServices(config, createLogger({ level: "warn" }), {
    // The one address that is the Internet here. All others, the platform's own among them by any other spelling, stay closed.
    egress: { resolve: async (name) => names.get(name) ?? [], isAllowedAddress: (address) => address === "127.0.0.99" },
  });
  const { services } = platform;
  const front = listenForApps(services);
  front.listen(port, "127.0.0.1");
  await once(front, "listening");
  await platform.start();
  const serve = async (name: string, server: NetServer): Promise<number> => {
    servers.push(server);
    server.listen(0, "127.0.0.99");
    await once(server, "listening");
    names.set(name, ["127.0.0.99"]);
    const opened = (server.address() as AddressInfo).port;
    await services.settings.putEgress({ ...services.settings.egress(), ports: [...services.settings.egress().ports, opened] });
    return opened;
  };
  return {
    services,
    port,
    internet: {
      serve,
      serveHttp: (name, listener) => serve(name, createHttpServer(listener)),
      serveHttps: (name, listener) => {
        const key = readFileSync(join(tlsFolder, "key.pem"), "utf8");
        return serve(name, createHttpsServer({ key, cert: certificate }, listener));
      },
    },
    async deploy(name, files) {
      const app = await services.apps.create(owner, { name, files });
      const { deploymentId } = await services.deployments.start({ id: owner }, app.id, { source: "api" });
      const ended = await waitFor(
        `${name} is deployed`,
        async () => {
          const deployment = await services.deployments.get(owner, deploymentId);
          return deployment.state === "running" ? null : deployment;
        },
        60_000,
      );
      if (ended.state !== "succeeded") throw new Error(JSON.stringify(ended, null, 2));
      return { id: app.id, slug: app.slug };
    },
    callApp: (slug, path) => send(port, `${slug}.localhost:${port}`, path),
    async [Symbol.asyncDispose]() {
      await platform.stop();
      for (const server of [front, ...servers]) {
        if ("closeAllConnections" in server) (server as Server).closeAllConnections();
        server.close();
      }
      await database[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The platform's listener, as far as apps are reached through it. */
function listenForApps({ gateway }: Services): Server {
  const server = createHttpServer((request, response) => gateway.handleRequest(request, response));
  server.on("upgrade", (request: IncomingMessage, socket, head: Buffer) => gateway.handleUpgrade(request, socket, head));
  return server;
}
