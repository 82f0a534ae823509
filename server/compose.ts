/**
 * Builds every part of one process, in the order of dependence. Nothing runs yet but what the runtime begins (`beginRuntime`), and what a
 * role does not do is never begun.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#core/contract/problem.ts";
import { isDatabaseGone } from "#core/database-gone.ts";
import { createAccounts, type Accounts } from "./accounts/index.ts";
import { createApps, createPortStore, createRouteTable, type AppRoutes, type AppsDomain } from "./apps/index.ts";
import { appUrls, gatewayAddress } from "./addresses.ts";
import type { Config } from "./config.ts";
import {
  beginRuntime,
  createRuntime,
  nothingBegun,
  type CreateRuntime,
  type PlatformRuntime,
  type RuntimeBegun,
} from "./create-runtime.ts";
import { createDatabaseCopies, createDatabases, type DatabaseCopies, type Databases } from "./databases/index.ts";
import { createDeployments, type DeploymentsDomain } from "./deployments/index.ts";
import { doorCredential } from "./door/index.ts";
import { createDraftPasses, createDrafts, type DraftPasses, type Drafts } from "./drafts/index.ts";
import { createEgress, egressReasons, type Egress, type EgressOptions } from "./egress/index.ts";
import { createAppPorts, createGateway, type AppPorts, type Gateway } from "./gateway/index.ts";
import type { Logger } from "./http/logger.ts";
import { createLogs, type LogsDomain } from "./logs/index.ts";
import { createMetrics, type Metrics } from "./metrics/index.ts";
import { createImportRequests, createPackages, type ImportRequests, type Packages } from "./packages/index.ts";
import { drain } from "./prepare/drain.ts";
import { createHttpServer } from "./prepare/http-server.ts";
import { createRequests, type RequestsDomain } from "./requests/index.ts";
import type { MongoTarget } from "./runtime/forwarder.ts";
import { createSettings, type Settings } from "./settings/index.ts";
import { createSourceChecker, type SourceChecker } from "./source-check.ts";
import { connectStorage, createVault, followPrimary, type Storage, type Vault } from "./storage/index.ts";
import { createTemplates, type TemplatesDomain } from "./templates/index.ts";

/** What a test puts in the place of the world outside; in production there is nothing here. */
export interface Seams {
  egress?: Pick<EgressOptions, "resolve" | "isAllowedAddress">;
  createRuntime?: CreateRuntime;
}

export interface Parts {
  config: Config;
  logger: Logger;
  /** There are other processes of this installation, or may be: what they must agree on is in the database. */
  shared: boolean;
  storage: Storage;
  vault: Vault;
  mongo: MongoTarget;
  doorKey: string;
  accounts: Accounts;
  databases: Databases;
  copies: DatabaseCopies;
  templates: TemplatesDomain;
  packages: Packages;
  importRequests: ImportRequests;
  sourceChecker: SourceChecker;
  apps: AppsDomain;
  deployments: DeploymentsDomain;
  drafts: Drafts;
  draftPasses: DraftPasses;
  requests: RequestsDomain;
  logs: LogsDomain;
  metrics: Metrics;
  settings: Settings;
  egress: Egress;
  runtime: PlatformRuntime;
  routes: AppRoutes;
  gateway: Gateway;
  ports: AppPorts | undefined;
  /** Apps that are awake, kept by the runtime's events. */
  awake: Set<string>;
  /** What the administrator should read at start. */
  notices: string[];
  reportBug: (error: unknown, where: string) => void;
}

/** @throws Error when the database or a file of the platform is not usable. */
export async function compose(config: Config, logger: Logger, seams: Seams, stopping: AbortSignal): Promise<Parts> {
  const shared = config.runtime === "kubernetes";
  const notices: string[] = [];
  const reportBug = (error: unknown, where: string): void => {
    if (isDatabaseGone(error)) logger.warn(`The database is away while ${where}`);
    else logger.error(`A bug while ${where}`, { error });
  };
  // Parts refer to one another; each is asked for when it is needed, and stands by then.
  const parts = { config, logger, shared, notices, reportBug, awake: new Set<string>() } as Parts;
  const begun = seams.createRuntime ? nothingBegun : beginRuntime(config, logger, stopping);
  try {
    await addStorage(parts);
    await addDomains(parts, stopping);
    await addRuntime(parts, begun, seams);
    addGateway(parts);
    return parts;
  } catch (error) {
    await begun.close();
    throw error;
  }
}

/** The database, who may come in, and what is decided for the whole installation. */
async function addStorage(parts: Parts): Promise<void> {
  const { config, shared } = parts;
  // On a cluster the database has a disk of its own, which nobody can see from here.
  const storage = await connectStorage(config.mongoUrl, shared ? undefined : config.dataDir);
  const vault = createVault(config);
  const { client } = storage;
  Object.assign(parts, { storage, vault, doorKey: vault.derive("door") } satisfies Partial<Parts>);
  parts.mongo = {
    address: await followPrimary(client),
    ...(client.options.tls ? { tls: { servername: client.options.hosts[0]?.host } } : {}),
  };
  parts.accounts = await createAccounts({
    storage,
    vault,
    publicUrl: config.publicUrl,
    signup: config.signup,
    setupCodeRequired: !config.loopbackOnly,
    setupCode: config.setupCode,
    shared,
  });
  parts.databases = await createDatabases({ storage, vault });
  parts.settings = await createSettings({ storage });
}

async function addDomains(parts: Parts, stopping: AbortSignal): Promise<void> {
  const { config, storage, vault, databases, shared, reportBug } = parts;
  parts.packages = createPackages({
    listed: JSON.parse(readFileSync(join(config.rootDir, "runner/packages.json"), "utf8")),
    typesDir: config.pythonTypesDir,
  });
  const { pythonVersion, importNames } = parts.packages;
  parts.sourceChecker = createSourceChecker({
    rootDir: config.rootDir,
    pythonVersion,
    allowedImports: () => importNames.union(new Set(parts.settings.imports())),
  });
  parts.templates = await createTemplates({
    storage,
    folder: join(config.rootDir, "templates"),
    apps: () => parts.apps,
    checkSource: parts.sourceChecker.check,
    namesOf: parts.accounts.namesOf,
  });
  parts.importRequests = await createImportRequests({
    storage,
    settings: parts.settings,
    builtIn: importNames,
    namesOf: parts.accounts.namesOf,
  });
  const urlOf = appUrls(config, (slug) => parts.ports?.portOf(slug));
  parts.requests = await createRequests({ storage, records: () => parts.apps.records, databases, shared });
  parts.logs = await createLogs({ storage, records: () => parts.apps.records, shared });
  parts.apps = await createApps({
    storage,
    vault,
    databases,
    templates: parts.templates.templates,
    checkSource: parts.sourceChecker.check,
    expectSourceCheck: parts.sourceChecker.prepare,
    onCreated: async (slug) => parts.ports?.open(slug),
    view: { urlOf, isAwake: (appId) => parts.runtime.runtime.endpoints(appId).length > 0 },
    sleepAfterMinutes: config.sleepAfterMinutes,
    removeFromRuntime: (appId) => parts.runtime.runtime.remove(appId),
    async removeDraftDatabase(databaseId) {
      await databases.removeDraft(databaseId);
      await parts.copies.forget(databaseId);
    },
    removeData: [(appId) => parts.deployments.removeAppData(appId), parts.requests.removeAppData, parts.logs.removeAppData],
  });
  const { apps, records } = parts.apps;
  parts.copies = await createDatabaseCopies({ storage, databases, reportBug, stopping });
  parts.routes = createRouteTable(parts.apps.models, storage, { shared });
  parts.apps.onChanged(parts.routes.put);
  if (config.duties.includes("web")) await shipTemplates(parts);
  parts.deployments = await createDeployments({
    storage,
    apps,
    records,
    draftHosts: parts.apps.draftHosts,
    spec: { records, databases, urlOf, derive: vault.derive },
    findLive: (appId) => parts.routes.findLive(appId),
    runtime: () => parts.runtime.runtime,
    namesOf: parts.accounts.namesOf,
    refusal: async (userId) =>
      parts.runtime.runtime.isolation.level === "sandbox" ? null : refuseUnisolated((await parts.accounts.findUser(userId))?.role),
    reportBug,
    stopping,
  });
  parts.draftPasses = await createDraftPasses({ storage, vault, publicUrl: config.publicUrl });
  parts.drafts = createDrafts({
    apps,
    records,
    hosts: parts.apps.draftHosts,
    databases,
    copies: parts.copies,
    deployments: parts.deployments.deployments,
    passes: parts.draftPasses,
    urlOf,
  });
}

/** A full disk must not keep the platform from starting: those of the last start serve on. */
async function shipTemplates({ templates, logger }: Parts): Promise<void> {
  await templates.ship().catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== "storage_full") throw error;
    logger.warn("The built-in templates could not be brought up to date", { error });
  });
}

async function addRuntime(parts: Parts, begun: RuntimeBegun, seams: Seams): Promise<void> {
  const { config, logger, doorKey, mongo } = parts;
  parts.metrics = createMetrics({
    warmRunners: () => parts.runtime.warmRunners(),
    appsAwake: () => parts.awake.size,
    egressReasons,
    clusterCalls: () => parts.runtime.clusterCalls?.() ?? {},
  });
  parts.egress = createEgress({
    rules: parts.settings.egress,
    appsDomain: config.appsDomain,
    publicUrl: config.publicUrl,
    gateway: () => gatewayAddress(config),
    onRefused({ appId, reason, line }) {
      parts.metrics.egressRefused(reason);
      if (line !== null) parts.logs.logs.append(appId, { at: new Date(), stream: "platform", text: line, instanceId: "egress-proxy" });
    },
    logger,
    ...seams.egress,
  });
  parts.runtime = await (seams.createRuntime ?? createRuntime)({
    config,
    begun,
    logger,
    counts: parts.metrics,
    specOf: parts.deployments.specOf,
    egress: parts.egress,
    mongo,
    doorCredentialOf: (appId) => doorCredential(doorKey, appId),
    findLive: parts.apps.records.findLive,
    lastLineAt: parts.logs.lastLineAt,
  });
}

function addGateway(parts: Parts): void {
  const { config, logger, apps, shared } = parts;
  parts.gateway = createGateway({
    routes: parts.routes,
    runtime: parts.runtime.runtime,
    recordRequest: parts.requests.requests.record,
    publicUrl: config.publicUrl,
    appsDomain: config.appsDomain,
    trustedProxies: config.trustedProxies,
    sleepAfterDefaultMs: config.sleepAfterMinutes * 60_000,
    // Of several gateways none knows what the others have in hand: the worker decides, from what all of them report.
    putsToSleep: !shared,
    onActivity: (activity) => apps.records.touch(activity),
    onRefused: parts.metrics.gatewayRefused,
    drafts: parts.draftPasses,
    hostOf: (slug) => new URL(appUrls(config, (one) => parts.ports?.portOf(one))(slug)).host,
    limits: { bodyBytes: config.appBodyBytes },
    logger,
  });
  if (config.appsAddressing === "host") return;
  parts.ports = createAppPorts({
    store: createPortStore(apps.models),
    gateway: () => parts.gateway,
    host: config.host,
    firstPort: config.port + 100,
    createServer: createHttpServer,
    drain,
    logger,
    onMoved: (slug, from, to) => parts.notices.push(`Port ${from} of the app ${slug} is taken, so it is on port ${to} now`),
  });
  apps.onChanged((record) => record.deletedAt && parts.ports?.close(record.slug));
}

const refuseUnisolated = (role: string | undefined): string | null =>
  role === "admin"
    ? null
    : "Apps are not isolated from this machine, because bubblewrap is missing. Until it is installed only administrators deploy.";
