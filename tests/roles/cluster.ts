/**
 * A cluster without Kubernetes: one process that runs apps' instances and tells every platform process of them, as an API server
 * would. It stands in for pods and watches, because what is under test are the platform's processes beside one another.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Endpoint } from "#server/runtime/runtime.ts";

/** What a platform process is told, one JSON line each. */
export type ClusterEvent =
  | { type: "endpoints"; appId: string; endpoints: Endpoint[]; reason?: string }
  | { type: "leader"; name: string | null }
  | { type: "line"; appId: string; text: string }
  | { type: "exception"; appId: string; requestId: string; message: string };

export interface TestCluster extends AsyncDisposable {
  readonly url: string;
  /** Who leads from now on. */
  elect(name: string | null): void;
  /** A line that the app wrote, as the leader reads it. */
  print(appId: string, text: string): void;
  /** An exception of one request, as the leader reads it. */
  raise(appId: string, requestId: string, message: string): void;
  /** The app's instance ends by itself. */
  die(appId: string, reason: string): void;
  isAwake(appId: string): boolean;
  /** How long a deployment takes to load. */
  loadMs: number;
  /** Who asked for what, in order: `<process> <what> <app>`. */
  readonly asked: string[];
}

interface Instance {
  endpoint: Endpoint;
  server: Server;
}

export async function startCluster(): Promise<TestCluster> {
  const apps = new Map<string, Instance[]>();
  const watchers = new Set<ServerResponse>();
  const asked: string[] = [];
  let leader: string | null = null;
  let made = 0;

  const tell = (event: ClusterEvent, to: Iterable<ServerResponse> = watchers): void => {
    for (const watcher of to) watcher.write(`${JSON.stringify(event)}\n`);
  };
  const tellOf = (appId: string, reason?: string): void =>
    tell({ type: "endpoints", appId, endpoints: (apps.get(appId) ?? []).map(({ endpoint }) => endpoint), ...(reason ? { reason } : {}) });
  const make = async (appId: string, version: number): Promise<Instance> => {
    const instanceId = `pod-${(made += 1)}`;
    const server = createServer((request, response) => answerAsApp(request, response, { appId, instanceId, version }));
    const port = await listen(server);
    return { server, endpoint: { instanceId, version, host: "127.0.0.1", port } };
  };
  const end = (instances: readonly Instance[]): void => {
    for (const { server } of instances) {
      server.close();
      server.closeAllConnections();
    }
  };
  const pending = new Map<string, Instance>();
  const acts: Record<string, (appId: string, input: Record<string, unknown>) => Promise<unknown>> = {
    async wake(appId, { version }) {
      const known = apps.get(appId)?.[0];
      if (known) return { endpoint: known.endpoint, waitedMs: 0 };
      const instance = await make(appId, Number(version));
      apps.set(appId, [instance]);
      tellOf(appId);
      return { endpoint: instance.endpoint, waitedMs: 1 };
    },
    async load(appId, { version }) {
      const instance = await make(appId, Number(version));
      await new Promise((resolve) => setTimeout(resolve, cluster.loadMs));
      pending.set(instance.endpoint.instanceId, instance);
      return { endpoint: instance.endpoint };
    },
    async serve(appId, { instanceId }) {
      const old = apps.get(appId) ?? [];
      apps.set(appId, [pending.get(String(instanceId))!]);
      pending.delete(String(instanceId));
      tellOf(appId);
      end(old);
      return {};
    },
    async sleep(appId) {
      const old = apps.get(appId) ?? [];
      apps.delete(appId);
      tellOf(appId);
      end(old);
      return {};
    },
  };
  const server = createServer((request, response) => {
    const [, what = "", appId = "", by = ""] = (request.url ?? "").split("/");
    if (what === "watch") {
      watchers.add(response);
      response.on("close", () => watchers.delete(response)).writeHead(200);
      tell({ type: "leader", name: leader }, [response]);
      for (const [id, instances] of apps)
        tell({ type: "endpoints", appId: id, endpoints: instances.map(({ endpoint }) => endpoint) }, [response]);
      return;
    }
    asked.push(`${by} ${what} ${appId}`);
    void readJson(request)
      .then((input) => acts[what]!(appId, input))
      .then((answer) => response.end(JSON.stringify(answer)));
  });
  const port = await listen(server);
  const cluster: TestCluster = {
    url: `http://127.0.0.1:${port}`,
    asked,
    loadMs: 0,
    elect(name) {
      leader = name;
      tell({ type: "leader", name });
    },
    print: (appId, text) => tell({ type: "line", appId, text }),
    raise: (appId, requestId, message) => tell({ type: "exception", appId, requestId, message }),
    die(appId, reason) {
      const old = apps.get(appId) ?? [];
      apps.delete(appId);
      end(old);
      tellOf(appId, reason);
    },
    isAwake: (appId) => apps.has(appId),
    async [Symbol.asyncDispose]() {
      for (const instances of apps.values()) end(instances);
      end([...pending.values()]);
      server.close();
      server.closeAllConnections();
    },
  };
  return cluster;
}

function answerAsApp(request: IncomingMessage, response: ServerResponse, about: object): void {
  request.resume();
  if (request.url?.startsWith("/stream")) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => response.write("data: tick\n\n"), 200);
    response.on("close", () => clearInterval(timer));
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ ...about, path: request.url, requestId: request.headers["x-request-id"] }));
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
}
