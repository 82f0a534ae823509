/**
 * The composition root: what pages, actions and the API are given, and the only code that names adapters.
 * `createServices` builds everything in the order of dependence; `start` begins what runs by itself; `stop` ends it in reverse.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDatabaseGone } from "#core/database-gone.ts";
import { createAccounts, type Accounts } from "./accounts/index.ts";
import { createApps, createPortStore, createRouteTable, type Apps } from "./apps/index.ts";
import type { Config } from "./config.ts";
import { createDatabases, type Databases } from "./databases/index.ts";
import { createDeployments, type Deployments } from "./deployments/index.ts";
import { createEgress, egressReasons, type EgressOptions } from "./egress/index.ts";
import { createAppPorts, createGateway, type AppPorts, type Gateway } from "./gateway/index.ts";
import type { Logger } from "./http/logger.ts";
import { createHttpServer } from "./prepare/http-server.ts";
import { drain } from "./prepare/drain.ts";
import { createLogs, type Logs } from "./logs/index.ts";
import { createMetrics, type Metrics } from "./metrics/index.ts";
import { createPackages, type Packages } from "./packages/index.ts";
import { createRequests, type Requests } from "./requests/index.ts";
import { createLocalRuntime, type LocalRuntime } from "./runtime/local/index.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createSourceChecker } from "./source-check.ts";
import { connectStorage, createVault, failpoint, followPrimary, type Storage } from "./storage/index.ts";
import { createSettings, type Settings } from "./settings/index.ts";
import { createTemplates, type Templates } from "./templates/index.ts";
import { startWorker } from "./worker.ts";

export interface Services {
  config: Config;
  logger: Logger;
  accounts: Accounts;
  apps: Apps;
  databases: Databases;
  deployments: Deployments;
  gateway: Gateway;
  logs: Logs;
  metrics: Metrics;
  packages: Packages;
  requests: Requests;
  settings: Settings;
  templates: Templates;
  runtime: Runtime;
  storage: Storage;
  /** Aborts when the platform stops: ends streams. */
  stopping: AbortSignal;
}

export interface Platform {
  services: Services;
  /** Begins what runs by itself: the runtime's pool, the gateway's table, the worker. */
  start(): Promise<void>;
  /** Ends the platform's own streams and says goodbye to apps' WebSockets; requests, and all that works for them, go on. */
  drain(): void;
  /** Ends streams, deployments and apps, and writes down what waits. */
  stop(): Promise<void>;
  /** What the administrator should read at start. */
  notices: readonly string[];
}

/** What a test puts in the place of the world outside; in production there is nothing here. */
export interface Seams {
  egress?: Pick<EgressOptions, "resolve" | "isAllowedAddress">;
}

/** Builds every service of one process (`ROLE=all`). @throws Error when the database or a file of the platform is not usable. */
export async function createServices(config: Config, logger: Logger, seams: Seams = {}): Promise<Platform> {
  const stop = new AbortController();
  const stopping = stop.signal;
  /** Before that: visitors are let go, while everything still works for their last requests. */
  const leaving = new AbortController();
  const notices: string[] = [];
  const reportBug = (error: unknown, where: string): void => {
    if (isDatabaseGone(error)) logger.warn(`The database is away while ${where}`);
    else logger.error(`A bug while ${where}`, { error });
  };

  const storage = await connectStorage(config.mongoUrl, config.dataDir);
  const vault = createVault(config);
  const accounts = await createAccounts({
    storage,
    vault,
    publicUrl: config.publicUrl,
    signup: config.signup,
    setupCodeRequired: !config.loopbackOnly,
    announceSetupCode: (code) => notices.push(`The first account becomes the administrator. Its setup code: ${code}`),
  });
  const databases = await createDatabases({ storage, vault });
  const templates = createTemplates({ folder: join(config.rootDir, "templates") });
  const packages = createPackages(JSON.parse(readFileSync(join(config.rootDir, "runner/packages.json"), "utf8")));
  const sourceChecker = createSourceChecker({
    rootDir: config.rootDir,
    pythonVersion: packages.pythonVersion,
    allowedImports: packages.importNames,
  });
  const urlOf = appUrls(config, (slug) => ports?.portOf(slug));

  const requestsDomain = await createRequests({ storage, records: () => appsDomain.records, databases });
  const logsDomain = await createLogs({ storage, records: () => appsDomain.records });
  const appsDomain = await createApps({
    storage,
    vault,
    databases,
    templates,
    checkSource: sourceChecker.check,
    expectSourceCheck: sourceChecker.prepare,
    onCreated: async (slug) => ports?.open(slug),
    view: { urlOf, isAwake: (appId) => runtime.endpoints(appId).length > 0 },
    sleepAfterMinutes: config.sleepAfterMinutes,
    removeFromRuntime: (appId) => runtime.remove(appId),
    removeData: [(appId) => deploymentsDomain.removeAppData(appId), requestsDomain.removeAppData, logsDomain.removeAppData],
  });
  const deploymentsDomain = await createDeployments({
    storage,
    apps: appsDomain.apps,
    records: appsDomain.records,
    spec: { records: appsDomain.records, databases, urlOf, derive: vault.derive },
    findLive: (appId) => routes.findLive(appId),
    runtime: () => runtime,
    namesOf: accounts.namesOf,
    refusal: async (userId) => (runtime.isolation.level === "sandbox" ? null : refuseUnisolated((await accounts.findUser(userId))?.role)),
    reportBug,
    stopping,
  });
  const awake = new Set<string>();
  const metrics = createMetrics({ warmRunners: () => runtime.warmRunners, appsAwake: () => awake.size, egressReasons });
  const settings = await createSettings({ storage });
  const egress = createEgress({
    rules: settings.egress,
    appsDomain: config.appsDomain,
    publicUrl: config.publicUrl,
    gateway: () => ({ host: toLocalHost(config.host), port: config.port }),
    onRefused({ appId, reason, line }) {
      metrics.egressRefused(reason);
      if (line !== null) logsDomain.logs.append(appId, { at: new Date(), stream: "platform", text: line, instanceId: "egress-proxy" });
    },
    logger,
    ...seams.egress,
  });
  const runtime: LocalRuntime = createLocalRuntime({
    dataDir: config.dataDir,
    runnerDir: join(config.rootDir, "runner"),
    python: config.python,
    warmPool: config.warmPool,
    warmPoolMemoryMiB: config.warmPoolMemoryMiB,
    mongo: {
      address: await followPrimary(storage.client),
      ...(storage.client.options.tls ? { tls: { servername: storage.client.options.hosts[0]?.host } } : {}),
    },
    egress,
    specOf: deploymentsDomain.specOf,
    logger,
    counts: metrics,
    onStep: failpoint,
  });
  let portsDrained: Promise<void> | undefined;
  const routes = createRouteTable(appsDomain.models, storage);
  appsDomain.onChanged(routes.put);
  const gateway = createGateway({
    routes,
    runtime,
    recordRequest: requestsDomain.requests.record,
    publicUrl: config.publicUrl,
    appsDomain: config.appsDomain,
    trustedProxies: config.trustedProxies,
    sleepAfterDefaultMs: config.sleepAfterMinutes * 60_000,
    onActivity: (activity) => appsDomain.records.touch(activity),
    onRefused: metrics.gatewayRefused,
    hostOf: (slug) => new URL(urlOf(slug)).host,
    limits: { bodyBytes: config.appBodyBytes },
    logger,
  });
  const ports: AppPorts | undefined =
    config.appsAddressing === "host"
      ? undefined
      : createAppPorts({
          store: createPortStore(appsDomain.models),
          gateway: () => gateway,
          host: config.host,
          firstPort: config.port + 100,
          createServer: createHttpServer,
          drain,
          logger,
          onMoved: (slug, from, to) => notices.push(`Port ${from} of the app ${slug} is taken, so it is on port ${to} now`),
        });
  appsDomain.onChanged((record) => record.deletedAt && ports?.close(record.slug));

  const services: Services = {
    config,
    logger,
    accounts,
    apps: appsDomain.apps,
    databases,
    deployments: deploymentsDomain.deployments,
    gateway,
    logs: logsDomain.logs,
    metrics,
    packages,
    requests: requestsDomain.requests,
    settings,
    templates,
    runtime,
    storage,
    stopping: leaving.signal,
  };
  return {
    services,
    notices,
    async start() {
      // The only process of this installation: whatever an earlier one left half-way is nobody's now, and nothing runs.
      await deploymentsDomain.reconcile({ alone: true });
      await appsDomain.records.markAllAsleep();
      await appsDomain.apps.finishRemovals();
      appsDomain.records.keepCopies(stopping);
      databases.keepCopies(stopping);
      await Promise.all([runtime.start(), routes.start(stopping), settings.start(stopping)]);
      gateway.start();
      if (ports) {
        await ports.start();
        notices.push(portsNotice);
      }
      startWorker({
        apps: appsDomain,
        deployments: deploymentsDomain,
        runtime,
        logs: logsDomain.logs,
        trimLogs: logsDomain.trim,
        requests: requestsDomain.requests,
        awake,
        reportBug,
        signal: stopping,
      });
      notices.push(runtime.isolation.detail);
    },
    drain() {
      leaving.abort();
      gateway.drain();
      portsDrained = ports?.drain();
    },
    async stop() {
      leaving.abort();
      await (portsDrained ?? ports?.drain());
      stop.abort();
      await gateway.stop();
      await deploymentsDomain.settle();
      sourceChecker.stop();
      await runtime.stop();
      egress.close();
      await Promise.allSettled([requestsDomain.requests.flush(), logsDomain.logs.flush()]);
      await storage.close();
    },
  };
}

/** Where this process reaches what it listens on itself, from the address that it listens at. */
const toLocalHost = (host: string): string => ({ "0.0.0.0": "127.0.0.1", localhost: "127.0.0.1", "::": "::1" })[host] ?? host;

/** `http://<slug>.<APPS_DOMAIN>`, with the scheme and port of the platform's own address; its host with the app's port, where it has one. */
function appUrls({ publicUrl, appsDomain }: Config, portOf: (slug: string) => number | undefined): (slug: string) => string {
  const { protocol, hostname, port } = new URL(publicUrl);
  return (slug) => {
    const own = portOf(slug);
    return own === undefined ? `${protocol}//${slug}.${appsDomain}${port ? `:${port}` : ""}` : `${protocol}//${hostname}:${own}`;
  };
}

const portsNotice =
  "Each app has a port of its own (APPS_ADDRESSING=port). Browsers share cookies between the ports of a host: let only people deploy who trust each other";

const refuseUnisolated = (role: string | undefined): string | null =>
  role === "admin"
    ? null
    : "Apps are not isolated from this machine, because bubblewrap is missing. Until it is installed only administrators deploy.";
