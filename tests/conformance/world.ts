/**
 * What the conformance suite needs of a runtime under test: a factory, and a small world of apps around it. Written against the
 * `Runtime` port alone, so that the local and the cluster adapter are held to the same behaviour.
 */
import { createHash } from "node:crypto";
import { request } from "node:http";
import type { Files } from "#core/contract/files.ts";
import { instanceLimits } from "#core/limits.ts";
import type {
  Endpoint,
  InstanceLimits,
  InstanceSpec,
  LoadError,
  LoadReport,
  Runtime,
  RuntimeDeployEvent,
  RuntimeEvent,
  SpecSource,
} from "#server/runtime/runtime.ts";

/** Makes a runtime that asks `specOf` for what is live. */
export type RuntimeFactory = (specOf: SpecSource) => Promise<{
  runtime: Runtime;
  /** An address of the machine's own network that an isolated app must not reach, if the harness has one open. */
  outsidePort: number;
  /** Paths on the machine that an app must not see. */
  secretPaths: readonly string[];
  close(): Promise<void>;
}>;

export interface Answer {
  status: number;
  text: string;
}

export interface DeployResult {
  events: RuntimeDeployEvent[];
  endpoint: Endpoint | null;
  report: LoadReport | null;
  error: LoadError | null;
}

export type SpecChange = Partial<Pick<InstanceSpec, "env" | "database" | "limits" | "entrypoint">>;

export interface World {
  readonly runtime: Runtime;
  readonly outsidePort: number;
  readonly secretPaths: readonly string[];
  readonly events: readonly RuntimeEvent[];
  /** Deploys files as the next version of an app and makes them live, unless `commit` throws. */
  deploy(appId: string, files: Files, change?: SpecChange, commit?: () => Promise<void>): Promise<DeployResult>;
  /** Changes what the next wake starts, without a deployment. */
  change(appId: string, change: SpecChange): void;
  /** One request to an instance that answers now; no wake. */
  call(appId: string, path: string, options?: { body?: string; headers?: Record<string, string> }): Promise<Answer>;
  /** Settles when an event comes that fits, also one that came before. */
  event<T extends RuntimeEvent["type"]>(
    type: T,
    fits?: (event: Extract<RuntimeEvent, { type: T }>) => boolean,
  ): Promise<Extract<RuntimeEvent, { type: T }>>;
  close(): Promise<void>;
}

/** What every app of the platform has. */
export const defaultLimits: InstanceLimits = instanceLimits;

let counter = 0;
/** An id of its own, so that no test sees another's app. */
export const newApp = (): string => `app${(counter++).toString().padStart(4, "0")}`;

export async function createWorld(factory: RuntimeFactory): Promise<World> {
  const live = new Map<string, InstanceSpec>();
  const { runtime, outsidePort, secretPaths, close } = await factory(async (appId) => live.get(appId) ?? null);
  await runtime.start();
  const events: RuntimeEvent[] = [];
  const waiters = new Set<() => void>();
  const watching = new AbortController();
  const watched = (async () => {
    for await (const event of runtime.watch(watching.signal)) {
      events.push(event);
      for (const waiter of waiters) waiter();
    }
  })();
  return {
    runtime,
    outsidePort,
    secretPaths,
    events,
    deploy: async (appId, files, change = {}, commit = async () => {}) => {
      const version = (live.get(appId)?.version ?? 0) + 1;
      const spec = toSpec(appId, version, files, change);
      const result: DeployResult = { events: [], endpoint: null, report: null, error: null };
      const makeLive = async () => {
        await commit();
        live.set(appId, spec);
      };
      for await (const event of runtime.deploy(spec, makeLive, AbortSignal.timeout(60_000))) {
        result.events.push(event);
        if (event.type === "ready") Object.assign(result, { endpoint: event.endpoint, report: event.report });
        if (event.type === "failed") result.error = event.error;
      }
      return result;
    },
    change: (appId, change) => {
      const spec = live.get(appId);
      if (spec) live.set(appId, { ...spec, ...change });
    },
    call: async (appId, path, options = {}) => {
      const endpoint = runtime.endpoints(appId)[0];
      if (!endpoint) throw new Error(`${appId} has no endpoint`);
      const leave = runtime.enter(appId, endpoint.instanceId);
      try {
        return await ask(endpoint, path, options);
      } finally {
        leave?.();
      }
    },
    event: (type, fits = () => true) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = events.find((event) => event.type === type && fits(event as never));
          if (!found) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve(found as never);
        };
        const timer = setTimeout(() => {
          waiters.delete(look);
          reject(new Error(`no ${type} event came; there were: ${JSON.stringify(events.slice(-20))}`));
        }, 20_000);
        waiters.add(look);
        look();
      }),
    close: async () => {
      await runtime.stop();
      watching.abort();
      await watched;
      await close();
    },
  };
}

function toSpec(appId: string, version: number, files: Files, change: SpecChange): InstanceSpec {
  return {
    appId,
    slug: appId,
    version,
    bundleHash: createHash("sha256").update(JSON.stringify(files)).digest("hex"),
    readFiles: async () => files,
    entrypoint: "app.py",
    env: {},
    sessionKey: "key",
    database: null,
    limits: defaultLimits,
    ...change,
  };
}

/** One HTTP exchange with an instance, as the gateway has it. */
export function ask(endpoint: Endpoint, path: string, options: { body?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  const address = "socketPath" in endpoint ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
  return new Promise((resolve, reject) => {
    const headers = {
      host: "app.localhost",
      "x-fp-instance": endpoint.instanceId,
      "x-request-id": crypto.randomUUID(),
      ...options.headers,
    };
    const sent = request({ ...address, path, method: options.body === undefined ? "GET" : "POST", headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
    });
    sent.on("error", reject);
    sent.end(options.body);
  });
}
