/**
 * From an empty process to a platform that answers, and back: listens at once, prepares behind a page that shows it, then hands
 * every request to `server/app.ts`. It holds no state that the platform needs: in development that lives in another module graph.
 */
import { rm } from "node:fs/promises";
import type { Server } from "node:http";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readConfig, type Config } from "#server/config.ts";
import type { RunningDatabase } from "#server/storage/embedded/index.ts";
import { showConnections } from "./connections.ts";
import { createHttpServer } from "./http-server.ts";
import { listenOnInherited, takeInheritedSocket } from "./activation.ts";
import { drain } from "./drain.ts";
import { isLoopback, listenNear } from "./listen.ts";
import { loadPlatform, preloadBuild, type LoadedPlatform } from "./load.ts";
import { noteInLockFile, takeLockFile } from "./lock-file.ts";
import { carriedStepTitles, prepare, prepareCarried, stepTitles } from "./prepare.ts";
import { createSteps, type Step, type Steps } from "./steps.ts";
import { answerWhilePreparing } from "./waiting.ts";

/** A stop that hangs must not keep the terminal: requests in flight get 30 s, apps 30 s to end what they began, the database 20 s. */
const stopLimitMs = 90_000;
/** With a socket that was handed over callers can wait for a platform that is ready. A first start takes longer, and has a page to show. */
const inheritedWaitMs = 20_000;
/** The page polls twice a second: time for it to show why the start failed before nobody answers any more. */
const failureShownMs = 1_500;
/** A step that takes longer than this is worth a line in the terminal. */
const worthALineMs = 1_000;
/** The terminal sends Ctrl+C to npm and to us, and npm passes it on: both are one wish. */
const sameKeyPressMs = 1_000;

export interface RunOptions {
  /** The checkout. */
  root: string;
  development: boolean;
}

/** What is up and has to come down again. */
interface Life {
  readonly config: Config;
  readonly server: Server;
  readonly lockPath: string | null;
  readonly stopping: AbortController;
  readonly steps: Steps;
  database: RunningDatabase | undefined;
  platform: LoadedPlatform | undefined;
  /** Begins to take connections, where that is put off until the platform answers. Once, however often it is called. */
  accept: () => Promise<void>;
  /** Somebody is looking at the preparation page. */
  watched: boolean;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const printError = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs until the process is told to end, and ends it. Returns only when a platform already runs on this data folder. */
export async function runPlatform({ root, development }: RunOptions): Promise<void> {
  // Templates and the runner lie in the checkout, wherever the build of the server lies.
  process.env["FP_ROOT"] = root;
  const config = readConfigOrExit();
  // On a cluster there is no folder of its own to guard: several processes are one installation.
  const lockPath = config.cluster ? null : join(config.dataDir, "platform.lock");
  const holder = lockPath === null ? null : await takeLockFile(lockPath);
  if (holder) {
    print(
      holder.url
        ? `FastAPI Platform is already running here: ${holder.url}`
        : `FastAPI Platform is already being started here (process ${holder.pid})`,
    );
    return;
  }
  const life: Life = {
    config,
    server: createHttpServer(),
    lockPath,
    stopping: new AbortController(),
    steps: createSteps(config.cluster ? carriedStepTitles : stepTitles, narrate()),
    database: undefined,
    platform: undefined,
    accept: () => Promise.resolve(),
    watched: false,
  };
  const end = createEnd(life);
  endOnSignals(end);
  answerRequests(life);

  const url = await listen(life).catch((error: Error) => {
    printError(`Cannot listen on ${config.host}:${config.port}: ${error.message}`);
    return end(1);
  });
  if (url === undefined) return;
  if (lockPath !== null) await noteInLockFile(lockPath, url);
  const announced = setTimeout(() => print(`Preparing; watch it at ${url}`), worthALineMs);
  try {
    await prepareFor(life, root, development);
    life.platform = await life.steps.run("start", () => loadPlatform({ root, development, signal: life.stopping.signal }));
    life.steps.finish();
    await life.accept();
    welcome(life, url);
    // By itself Node writes down what it compiled when it ends, and a process that is killed never does.
    flushCompileCache();
  } catch (error) {
    if (life.stopping.signal.aborted) return;
    await reportFailure(life, error as Error);
    await end(1);
  } finally {
    clearTimeout(announced);
  }
}

async function prepareFor(life: Life, root: string, development: boolean): Promise<void> {
  const { config, steps } = life;
  if (config.cluster) return prepareCarried({ root, development, steps });
  await prepare({
    root,
    dataDir: config.dataDir,
    development,
    steps,
    log: print,
    signal: life.stopping.signal,
    onBuilt: () => void preloadBuild(root),
    onDatabase: (running) => (life.database = running),
  });
}

function readConfigOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    printError((error as Error).message);
    process.exit(1);
  }
}

/** Listens near the wanted port and gives the platform's own URL. What is loaded later reads the port from the environment. */
async function listen(life: Life): Promise<string> {
  const { server, config } = life;
  const inherited = takeInheritedSocket(process.env, process.pid);
  if (inherited !== null) {
    let accepted: Promise<void> | undefined;
    life.accept = () => (accepted ??= listenOnInherited(server, inherited, config.port));
    setTimeout(() => void life.accept().catch((error: Error) => printError(error.message)), inheritedWaitMs).unref();
    return config.publicUrl;
  }
  // Where a cluster sends visitors is written elsewhere: another port than that would be nobody's.
  const port = await listenNear(server, config.host, config.port, config.cluster ? 1 : undefined);
  if (port !== config.port) print(`Port ${config.port} is taken, so this is on port ${port}`);
  process.env["PORT"] = String(port);
  return readConfig(process.env).publicUrl;
}

function answerRequests(life: Life): void {
  const isOwnHost = (host: string): boolean => !host.toLowerCase().replace(/:\d+$/, "").endsWith(`.${life.config.appsDomain}`);
  showConnections(life.server, () => life.platform?.handleConnection);
  life.server.on("request", (request, response) => {
    if (life.platform) return life.platform.handleRequest(request, response);
    life.watched ||= (request.headers.accept ?? "").includes("text/html");
    answerWhilePreparing(request, response, life.steps.snapshot(), isOwnHost);
  });
  // Node answers `Expect: 100-continue` by itself, and would invite the body of a request that waits for a sleeping app.
  life.server.on("checkContinue", (request, response) => {
    if (life.platform) return life.platform.handleRequest(request, response, { continueUnsent: true });
    answerWhilePreparing(request, response, life.steps.snapshot(), isOwnHost);
  });
  life.server.on("upgrade", (request, socket, head) => {
    if (life.platform) life.platform.handleUpgrade(request, socket, head);
    else socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 2\r\n\r\n");
  });
}

/** Ends everything in the reverse order and then the process; however often it is called, once. */
function createEnd(life: Life): (exitCode: number) => Promise<undefined> {
  let ending: Promise<undefined> | undefined;
  const run = async (exitCode: number): Promise<undefined> => {
    life.stopping.abort();
    setTimeout(() => {
      printError("Stopping took too long; ending now");
      process.exit(1);
    }, stopLimitMs).unref();
    if (exitCode === 0 && life.platform) {
      // On a cluster no new visitor is sent here any more: the manifest's preStop has waited for that.
      life.platform.drain();
      await drain(life.server, { onWait: (left) => print(`Waiting for ${left} open connections; Ctrl+C again ends now`) });
    }
    life.server.close();
    // The platform first, while its database still answers: it writes down what it has in hand.
    await life.platform?.stop().catch((error: unknown) => printError(`While stopping: ${String(error)}`));
    life.server.closeAllConnections();
    await life.database?.stop();
    if (life.lockPath !== null) await rm(life.lockPath, { force: true });
    process.exit(exitCode);
  };
  return (exitCode) => (ending ??= run(exitCode));
}

/** First signal: an orderly end. A later one: at once, and the watchdogs end what is left. */
function endOnSignals(end: (exitCode: number) => Promise<unknown>): void {
  let askedAt: number | undefined;
  const onSignal = (): void => {
    if (askedAt !== undefined && performance.now() - askedAt < sameKeyPressMs) return;
    if (askedAt !== undefined) process.exit(1);
    askedAt = performance.now();
    print("\nStopping");
    void end(0);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
  // Started by scripts/run-pinned.mjs from another Node: when that one is gone, nobody wants this one any more.
  if (process.channel) process.on("disconnect", () => askedAt ?? onSignal());
  // Whoever read what we print may be gone before us; told of on the same stream, that would never end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  process.on("unhandledRejection", (reason) =>
    printError(`Unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`),
  );
  process.on("uncaughtException", (error) => {
    printError(`Uncaught: ${error.stack}`);
    void end(1);
  });
}

function welcome(life: Life, url: string): void {
  if (life.database) print(`Database: ${life.database.description}`);
  for (const notice of life.platform?.notices ?? []) print(notice);
  if (!isLoopback(life.config.host) && url.startsWith("http:"))
    print("Passwords travel unencrypted: put a TLS proxy in front and set PUBLIC_URL=https://…");
  print(`\nFastAPI Platform is ready: ${url}   (${process.uptime().toFixed(1)} s)`);
  print("Ctrl+C stops it.");
}

async function reportFailure(life: Life, error: Error): Promise<void> {
  life.steps.fail(error.message);
  printError(`\nFastAPI Platform could not start.\n${life.config.logLevel === "debug" ? error.stack : error.message}`);
  if (life.watched) await sleep(failureShownMs);
}

/** Lines for the steps that take long: one when that shows, one when they end. */
function narrate(): (step: Step) => void {
  const told = new Set<string>();
  return (step) => {
    if (step.state === "running" && step.elapsedMs > worthALineMs && !told.has(step.id)) {
      told.add(step.id);
      print(`${step.title}: ${step.detail}`);
    }
    if (step.state === "done" && told.has(step.id)) print(`${step.title}: done in ${(step.elapsedMs / 1000).toFixed(0)} s`);
  };
}
