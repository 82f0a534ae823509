/** From a specification to an instance that answers: take a warm runner, give it the files, wait for its report. */
import { rm } from "node:fs/promises";
import type { Files } from "#core/contract/files.ts";
import type { Endpoint, ExceptionRecord, InstanceSpec, LoadError, LoadReport, LogLine, RuntimeDeployEvent } from "../runtime.ts";
import { placeBundle, writeBundle, type Bundles } from "./bundles.ts";
import { exitToLoadError } from "../exit-reason.ts";
import type { MongoTarget } from "../forwarder.ts";
import type { Pool } from "./pool.ts";
import { LoadFailure, reportMs, toTimeout } from "../load-failure.ts";
import { toMongoUri, type ClaimMessage } from "../protocol.ts";
import type { EgressSockets, Runner } from "./runner-process.ts";

export interface LaunchContext {
  pool: Pool;
  bundles: Bundles;
  mongo: MongoTarget;
  egress: EgressSockets | null;
  /** Whether instances see their files through a read-only mount, so that they may share them. */
  readOnlyCode: boolean;
  loadTimeoutMs: number;
  onLog(appId: string, line: LogLine): void;
  onException(appId: string, record: ExceptionRecord): void;
}

export interface Instance {
  readonly id: string;
  readonly version: number;
  readonly endpoint: Endpoint;
  readonly report: LoadReport;
  /** A runner waited when it was asked for. */
  readonly wasWarm: boolean;
  readonly runner: Runner;
}

type Stage = Extract<RuntimeDeployEvent, { type: "stage" }>;
export type OnStage = (stage: Stage["stage"], status: Stage["status"], message: string) => void;

/**
 * Starts an instance of `spec` that answers when the promise resolves. Whatever goes wrong, the runner is gone then.
 * @throws LoadFailure for the app's own failures; anything else is the machine's.
 */
export async function launchInstance(
  context: LaunchContext,
  spec: InstanceSpec,
  signal: AbortSignal,
  onStage: OnStage = () => {},
): Promise<Instance> {
  onStage("checking", "started", "Putting the files in place");
  const wasWarm = context.pool.idle > 0;
  const taken = context.pool.take(signal);
  taken.catch(() => {});
  try {
    const bundle = await context.bundles.ensure(spec.appId, spec.bundleHash, () => spec.readFiles());
    onStage("checking", "succeeded", "The files are in place");
    onStage("creating", "started", wasWarm ? "Taking a warm runner" : "Starting a runner");
    const runner = await taken;
    placeBundle(bundle, runner.codeFolder, context.readOnlyCode ? "link" : "copy");
    runner.limit(spec.limits);
    const [mongoPath] = await Promise.all([
      spec.database ? runner.openDatabase(context.mongo) : null,
      context.egress ? runner.openEgress(context.egress, spec.appId) : null,
    ]);
    const mongoUri = spec.database && mongoPath ? toMongoUri(mongoPath, spec.database) : null;
    signal.throwIfAborted();
    onStage("creating", "succeeded", "A runner has the files");
    return { ...(await claim(context, runner, spec, mongoUri, signal, onStage)), wasWarm };
  } catch (error) {
    void taken.then((runner) => runner.kill()).catch(() => {});
    throw error;
  } finally {
    context.pool.refill();
  }
}

async function claim(
  context: LaunchContext,
  runner: Runner,
  spec: InstanceSpec,
  mongoUri: string | null,
  signal: AbortSignal,
  onStage: OnStage,
): Promise<Omit<Instance, "wasWarm">> {
  onStage("starting", "started", `Loading ${spec.entrypoint}`);
  followOutput(context, runner, spec.appId);
  const started = performance.now();
  const report = awaitReady(runner, context.loadTimeoutMs, signal);
  runner.claim({
    type: "claim",
    instance: runner.instanceId,
    appId: spec.appId,
    slug: spec.slug,
    version: spec.version,
    entrypoint: spec.entrypoint,
    codePath: runner.codePath,
    env: spec.env,
    mongoUri,
    database: spec.database?.name ?? null,
    concurrency: spec.limits.concurrency,
    sessionKey: spec.sessionKey,
    loadMs: Math.max(context.loadTimeoutMs - reportMs, reportMs),
  });
  const loaded = await report;
  onStage("starting", "succeeded", `It answers, ${Math.round(performance.now() - started)} ms after it was given the files`);
  return {
    id: runner.instanceId,
    version: spec.version,
    endpoint: { instanceId: runner.instanceId, version: spec.version, socketPath: runner.socketPath },
    report: loaded,
    runner,
  };
}

/** From the claim on, what the runner writes and reports is the app's. */
function followOutput(context: LaunchContext, runner: Runner, appId: string): void {
  const log = (stream: LogLine["stream"], text: string) =>
    context.onLog(appId, { at: new Date(), stream, text, instanceId: runner.instanceId });
  runner.onLine(log);
  runner.onMessage((message) => {
    if (message.type === "exception") context.onException(appId, message.record);
    if (message.type === "dropped" && message.count > 0)
      log("platform", `${message.count} exception records were left out: they came faster than they could be stored`);
  });
}

/** Resolves with the report when the app answers. */
function awaitReady(runner: Runner, timeoutMs: number, signal: AbortSignal): Promise<LoadReport> {
  return new Promise((resolve, reject) => {
    let report: LoadReport | null = null;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      act();
    };
    const fail = (error: LoadError) => settle(() => reject(new LoadFailure(error, report)));
    const aborted = () => settle(() => reject(signal.reason));
    const timer = setTimeout(() => fail(toTimeout(timeoutMs, report !== null)), timeoutMs);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) aborted();
    runner.onMessage((message) => {
      if (message.type === "loaded") report ??= message.report;
      if (message.type === "failed") {
        report = message.report ?? report;
        fail(message.error);
      }
      if (message.type === "ready" && report) {
        const loaded = report;
        settle(() => resolve(loaded));
      }
    });
    void runner.exited.then((exit) => fail(exitToLoadError(exit, runner.lastWords())));
  });
}

/** Longest that a check may take, from the moment a runner has the files. */
const checkTimeoutMs = 5_000;

/** Loads files in a runner that is thrown away: no network, and a database address where nobody answers. */
export async function checkFiles(
  context: LaunchContext,
  files: Files,
  entrypoint: string,
  env: Readonly<Record<string, string>>,
  limit: (runner: Runner) => void,
): Promise<LoadReport> {
  const runner = await context.pool.take();
  try {
    await rm(runner.codeFolder, { recursive: true, force: true });
    await writeBundle(runner.codeFolder, files);
    limit(runner);
    const unreachable = toMongoUri(runner.codePath.replace(/code$/, "mongo.sock"), { name: "check", username: "check", password: "check" });
    return await firstReport(runner, () => {
      const message: ClaimMessage = {
        type: "claim",
        instance: runner.instanceId,
        appId: "check",
        slug: "check",
        version: 0,
        entrypoint,
        codePath: runner.codePath,
        env,
        // Gives up well within the time of a check, and then says so.
        mongoUri: unreachable.replace("timeoutMS=30000", "timeoutMS=2000"),
        database: null,
        concurrency: 1,
        sessionKey: null,
        loadMs: checkTimeoutMs - reportMs,
      };
      runner.claim(message);
    });
  } finally {
    void runner.kill();
    context.pool.refill();
  }
}

/** Its app loaded, or why not: start-up is not waited for, since without its database it may rightly fail. */
function firstReport(runner: Runner, start: () => void): Promise<LoadReport> {
  return new Promise((resolve) => {
    const failed = (error: LoadError): LoadReport => ({ ok: false, framework: null, factory: false, routes: [], importMs: 0, error });
    const timer = setTimeout(() => resolve(failed(toTimeout(checkTimeoutMs, false))), checkTimeoutMs);
    const finish = (report: LoadReport) => {
      clearTimeout(timer);
      resolve(report);
    };
    runner.onMessage((message) => {
      if (message.type === "loaded") finish(message.report);
      if (message.type === "failed")
        finish(message.report ? { ...message.report, ok: false, error: message.error } : failed(message.error));
    });
    void runner.exited.then((exit) => finish(failed(exitToLoadError(exit, runner.lastWords()))));
    start();
  });
}
