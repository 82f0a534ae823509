/** Keeps one database server running: starts it, restarts it when it dies, stops it, and never lets it outlive the platform. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcess, findByArgument, findStartTime, isAlive, type ProcessIdentity } from "./process.ts";
import { serverArguments, type ServerSpec } from "./server-kinds.ts";
import { writeWhole } from "./write-whole.ts";

/** A query in flight can hold the server's orderly end for 15–20 s. */
const stopPatienceMs = 20_000;
/**
 * An orphan is in the way of a start, and nobody's query is worth waiting for: what it acknowledged is on disk, and survives a kill.
 * A cursor that the killed platform left open made its orderly end last 20 s; one that has none ends within this.
 */
const orphanPatienceMs = 200;
/** Recovery after a kill reads the log back; a minute is far beyond what was seen, and a hang must not last for ever. */
const readyTimeoutMs = 60_000;
/** A first death is answered at once; a server that dies again and again is given time. */
const firstBackOffMs = 50;
const mostBackOffMs = 5_000;
/** A server that ran this long after it answered was healthy: its next death is a first one again, and answered at once. */
const healthyMs = 2_000;
const mostLogBytes = 10 * 1024 * 1024;
/**
 * What the storage engine writes when it gives itself up, as for a full disk: the process lives on and refuses everything, reading
 * too, until it is started again.
 */
const panicWords = "WT_PANIC";
const panicCheckMs = 1_000;

export interface SupervisedServer {
  /** The process that runs now; changes when the server is restarted. */
  readonly pid: number | undefined;
  /** Ends it and resolves when it is gone. Idempotent. */
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  spec: ServerSpec;
  /** Holds `server.pid` and `server.log`. */
  folder: string;
  log: (line: string) => void;
  /** Told each time the server was started and has its own work to do before it answers. */
  onSpawned: () => void;
}

/**
 * Starts the server and resolves when it takes connections.
 * @throws Error with the server's last words when it does not come up.
 */
export async function superviseServer(options: SuperviseOptions): Promise<SupervisedServer> {
  const { spec, folder, log } = options;
  const pidFile = join(folder, "server.pid");
  await mkdir(spec.storagePath, { recursive: true, mode: 0o700 });

  const stopping = new AbortController();
  let running = await launch(options, pidFile);
  let stopped: Promise<void> | undefined;

  /** Tries until it runs again, or is told to stop. */
  const relaunch = async (from: number): Promise<void> => {
    for (let backOffMs = from; ; backOffMs = Math.min(backOffMs * 2, mostBackOffMs)) {
      await sleep(backOffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        running = await launch(options, pidFile);
        log("The database server answers again");
        return;
      } catch (error) {
        log(`The database server did not come back: ${(error as Error).message}`);
      }
    }
  };
  const watch = async (): Promise<void> => {
    let backOffMs = firstBackOffMs;
    while (!stopping.signal.aborted) {
      const startedAt = Date.now();
      const panicked = watchForPanic(running, join(folder, "server.log"), log);
      await running.exited;
      clearInterval(panicked);
      if (stopping.signal.aborted) return;
      running.watchdog.kill();
      backOffMs = Date.now() - startedAt > healthyMs ? firstBackOffMs : Math.min(backOffMs * 2, mostBackOffMs);
      log(`The database server ended unexpectedly (${describeExit(running.child)}); starting it again`);
      await relaunch(backOffMs);
    }
  };
  const watching = watch();

  return {
    get pid() {
      return running.child.pid;
    },
    stop() {
      stopped ??= (async () => {
        stopping.abort();
        // First the watch, then the server: a restart that is under way has to be ended too.
        await endProcess(running.identity, stopPatienceMs);
        await watching;
        await endProcess(running.identity, stopPatienceMs);
        running.watchdog.kill();
        await rm(pidFile, { force: true });
      })();
      return stopped;
    },
  };
}

/** Ends a server that has given itself up, so that it is started again. */
function watchForPanic({ identity, logFrom }: Running, logPath: string, log: (line: string) => void): NodeJS.Timeout {
  let from = logFrom;
  const look = async (): Promise<void> => {
    const { size } = await stat(logPath);
    if (size <= from) return;
    const file = await open(logPath, "r");
    try {
      // A little of what was read before: the words may have been half written.
      const start = Math.max(logFrom, from - panicWords.length);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size - start, mostLogBytes)), 0, undefined, start);
      from = size;
      if (!buffer.subarray(0, bytesRead).includes(panicWords)) return;
    } finally {
      await file.close();
    }
    log("The database server has given up, as it does when the disk is full");
    await endProcess(identity, 0);
  };
  return setInterval(() => void look().catch(() => undefined), panicCheckMs).unref();
}

interface Running {
  /** Where this server's lines begin in the log. */
  logFrom: number;
  child: ChildProcess;
  identity: ProcessIdentity;
  exited: Promise<unknown>;
  watchdog: ChildProcess;
}

async function launch({ spec, folder, onSpawned }: SuperviseOptions, pidFile: string): Promise<Running> {
  const logPath = join(folder, "server.log");
  const written = await stat(logPath).then(
    ({ size }) => size,
    () => 0,
  );
  const logFrom = written > mostLogBytes ? 0 : written;
  const logFile = await open(logPath, logFrom === 0 ? "w" : "a", 0o600);
  try {
    // Its own process group: Ctrl+C in the terminal reaches the platform alone, which then stops the server last.
    const child = spawn(spec.binary, serverArguments(spec), { detached: true, stdio: ["ignore", logFile.fd, logFile.fd], cwd: folder });
    const exited = once(child, "exit").catch(() => undefined);
    await once(child, "spawn");
    // One that ended at once has no start time any more, and is judged like any that ends before it answers.
    const identity: ProcessIdentity = { pid: child.pid!, startedAt: findStartTime(child.pid!) ?? "ended" };
    const watchdog = startWatchdog(identity.pid);
    try {
      await writeWhole(pidFile, JSON.stringify(identity));
      onSpawned();
      if (await acceptsConnections(spec.port, identity)) return { child, identity, exited, watchdog, logFrom };
      const why = isAlive(identity) ? `took no connection within ${readyTimeoutMs / 1000} s` : `ended (${describeExit(child)})`;
      throw new Error(`${spec.binary} ${why}${await lastWords(logPath)}`);
    } catch (error) {
      await endProcess(identity, 1_000);
      await exited;
      watchdog.kill();
      throw error;
    }
  } finally {
    await logFile.close();
  }
}

/**
 * A shell that waits for its input to close, which is when this process is gone however it went, and then ends the
 * server. `setpriv --pdeathsig` would need no process, but is not on every Linux and on no Mac.
 */
function startWatchdog(pid: number): ChildProcess {
  const script = 'while read -r line; do :; done; kill -TERM "$1" 2>/dev/null';
  const watchdog = spawn("/bin/sh", ["-c", script, "fastapi-platform-watchdog", String(pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  watchdog.on("error", () => undefined);
  watchdog.stdin?.on("error", () => undefined);
  watchdog.unref();
  return watchdog;
}

/**
 * Ends the servers that a killed platform left on `folder`: they would hold its lock, and its port. One that was started in the
 * moment before the kill is in no file yet, and is known by the folder that it was given.
 */
export async function endOrphan(folder: string, storagePath: string, log: (line: string) => void): Promise<void> {
  const written = await readFile(join(folder, "server.pid"), "utf8").catch(() => null);
  const noted = written === null ? [] : [JSON.parse(written) as ProcessIdentity];
  const orphans = [...noted, ...findByArgument(storagePath)].filter(isAlive);
  if (orphans.length === 0) return;
  log("Ending the database server that an earlier run left behind");
  await Promise.all(orphans.map((orphan) => endProcess(orphan, orphanPatienceMs)));
}

async function acceptsConnections(port: number, identity: ProcessIdentity): Promise<boolean> {
  const deadline = Date.now() + readyTimeoutMs;
  while (Date.now() < deadline && isAlive(identity)) {
    if (await canConnect(port)) return true;
    await sleep(15);
  }
  return false;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

function describeExit(child: ChildProcess): string {
  return child.signalCode ? `signal ${child.signalCode}` : `exit code ${child.exitCode}`;
}

async function lastWords(logPath: string): Promise<string> {
  const text = await readFile(logPath, "utf8").catch(() => "");
  const lines = text.trim().split("\n").slice(-5).join("\n");
  return lines ? `:\n${lines}` : "";
}
