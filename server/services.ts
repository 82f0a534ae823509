/**
 * What pages, actions and the API are given, and the life of one process: `createServices` builds everything (compose.ts), `start`
 * begins what its roles do (duties.ts), `stop` ends it in reverse.
 */
import { AppError } from "#core/contract/problem.ts";
import type { Accounts } from "./accounts/index.ts";
import type { Apps } from "./apps/index.ts";
import { compose, type Parts, type Seams } from "./compose.ts";
import type { Config } from "./config.ts";
import type { Databases } from "./databases/index.ts";
import type { Deployments } from "./deployments/index.ts";
import { beginDuties, type Begun } from "./duties.ts";
import type { Drafts } from "./drafts/index.ts";
import type { Gateway } from "./gateway/index.ts";
import type { Logger } from "./http/logger.ts";
import type { Logs } from "./logs/index.ts";
import type { Metrics } from "./metrics/index.ts";
import type { ImportRequests, Packages } from "./packages/index.ts";
import type { Requests } from "./requests/index.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { Settings } from "./settings/index.ts";
import type { Storage } from "./storage/index.ts";
import type { Templates } from "./templates/index.ts";

export type { Seams } from "./compose.ts";

export interface Services {
  config: Config;
  logger: Logger;
  accounts: Accounts;
  apps: Apps;
  databases: Databases;
  deployments: Deployments;
  drafts: Drafts;
  gateway: Gateway;
  logs: Logs;
  metrics: Metrics;
  packages: Packages;
  importRequests: ImportRequests;
  requests: Requests;
  settings: Settings;
  templates: Templates;
  runtime: Runtime;
  storage: Storage;
  /** Whether this process should be given visitors now. @throws AppError `runtime_unavailable`, `database_unavailable`. */
  requireReady(): Promise<void>;
  /** Aborts when the platform stops: ends streams. */
  stopping: AbortSignal;
}

export interface Platform {
  services: Services;
  /** Begins what the process's roles do. */
  start(): Promise<void>;
  /** Ends the platform's own streams and says goodbye to apps' WebSockets; requests, and all that works for them, go on. */
  drain(): void;
  /** Ends streams, deployments and apps, and writes down what waits. */
  stop(): Promise<void>;
  /** What the administrator should read at start. */
  notices: readonly string[];
}

/** What apps fetch from outside may end; an orchestrator waits longer than that for all of a process. */
const doorGraceMs = 10_000;
/** Longer than an app may take to load on a deployment would be longer than most orchestrators wait. */
const deploymentGraceMs = 20_000;

/** Builds every service of one process. @throws Error when the database or a file of the platform is not usable. */
export async function createServices(config: Config, logger: Logger, seams: Seams = {}): Promise<Platform> {
  const stop = new AbortController();
  /** Before that: visitors are let go, while everything still works for their last requests. */
  const leaving = new AbortController();
  const parts = await compose(config, logger, seams, stop.signal);
  let begun: Begun = { door: null };
  let portsDrained: Promise<void> | undefined;
  return {
    services: toServices(parts, leaving.signal),
    notices: parts.notices,
    async start() {
      begun = await beginDuties(parts, stop.signal);
    },
    drain() {
      leaving.abort();
      parts.gateway.drain();
      portsDrained = parts.ports?.drain();
    },
    async stop() {
      leaving.abort();
      await Promise.all([portsDrained ?? parts.ports?.drain(), begun.door?.drain(doorGraceMs), parts.shared && settleSoon(parts)]);
      stop.abort();
      await parts.gateway.stop();
      await Promise.all([parts.deployments.settle(), parts.copies.settle()]);
      parts.sourceChecker.stop();
      await parts.runtime.runtime.stop();
      begun.door?.close();
      parts.egress.close();
      await Promise.allSettled([parts.requests.requests.flush(), parts.logs.logs.flush()]);
      await parts.storage.close();
    },
  };
}

/** Another process goes on serving: deployments that are under way here may end instead of failing. */
async function settleSoon({ deployments }: Parts): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, deploymentGraceMs);
  await Promise.race([deployments.settle(), late.promise]);
  clearTimeout(timer);
}

function toServices(parts: Parts, leaving: AbortSignal): Services {
  const { config, logger, accounts, databases, gateway, importRequests, metrics, packages, settings, storage } = parts;
  return {
    ...{ config, logger, accounts, databases, gateway, importRequests, metrics, packages, settings, storage },
    apps: parts.apps.apps,
    deployments: parts.deployments.deployments,
    drafts: parts.drafts,
    logs: parts.logs.logs,
    requests: parts.requests.requests,
    templates: parts.templates.templates,
    runtime: parts.runtime.runtime,
    requireReady: () => requireReady(parts, leaving),
    stopping: leaving,
  };
}

/** An orchestrator asks every few seconds: an answer that takes longer is a no. */
const readyWithinMs = 2_000;

/**
 * Pages are nothing without the database. Apps go on without it for a while, and a gateway that was taken out of service for it
 * would take them along.
 */
async function requireReady({ config, storage, runtime }: Parts, leaving: AbortSignal): Promise<void> {
  if (leaving.aborted) throw new AppError("runtime_unavailable", "The platform is stopping.", { retryAfterSeconds: 5 });
  if (config.role !== "egress") runtime.requireReady();
  if (!config.duties.includes("web")) return;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new AppError("database_unavailable", "The platform's database does not answer.", { retryAfterSeconds: 5 })),
    readyWithinMs,
  );
  try {
    await Promise.race([storage.connection.db!.admin().ping(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
