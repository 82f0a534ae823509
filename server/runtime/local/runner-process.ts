/** One runner: its process, its control channel, its output and its end. Knows nothing of apps; serves at most one, once. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { InstanceLimits } from "../runtime.ts";
import type { InstanceCgroup } from "./cgroups.ts";
import type { Exit } from "./exit-reason.ts";
import { startForwarder, type Forwarder, type MongoTarget } from "./forwarder.ts";
import type { Host } from "./host.ts";
import { createLineRate, createLineReader } from "./lines.ts";
import { longestMessageBytes, parseRunnerMessage, type ClaimMessage, type PlatformMessage, type RunnerMessage } from "./protocol.ts";
import type { RunFolder } from "./run-folders.ts";
import { inside } from "./sandbox.ts";

/** What a runner may use before it is known what it will run. */
const warmLimits = { memoryMiB: 512, cpus: 4, processes: 128 };
/** stderr kept to explain a runner that ended before its app answered. */
const lastWordsBytes = 8 * 1024;
/** Output read per second before the pipe is left full, so that an endless print slows its app and not the platform. */
const mostReadBytesPerSecond = 8 * 1024 * 1024;
/** Between the end of the process and the last of its output, which a stray child may hold open. */
const outputGraceMs = 500;

export type OutputStream = "stdout" | "stderr";

export interface Runner {
  readonly instanceId: string;
  readonly socketPath: string;
  /** Where the app's files belong: on this machine, and as the runner sees the folder. */
  readonly codeFolder: string;
  readonly codePath: string;
  /** The process that was started; its descendants end with it. */
  readonly pid: number;
  readonly ended: boolean;
  /** Settles when the runner waits for its claim; rejects when it ended before. */
  readonly warm: Promise<void>;
  /** Always resolves: when all is read, the folder and the cgroup gone. */
  readonly exited: Promise<Exit>;
  /** Opens the way to the database; returns the socket's path as the runner sees it. */
  openDatabase(target: MongoTarget): Promise<string>;
  databaseBytes(): { in: number; out: number };
  limit(limits: InstanceLimits): void;
  claim(message: ClaimMessage): void;
  onMessage(listener: (message: RunnerMessage) => void): void;
  /** Lines from the claim on; the same text goes to `lastWords`. */
  onLine(listener: (stream: OutputStream | "platform", text: string) => void): void;
  lastWords(): string;
  /** Asks it to finish its requests and stop; it is killed when the time is over. */
  drain(graceMs: number): Promise<Exit>;
  kill(): Promise<Exit>;
}

/** Starts a generic runner. Never throws for what goes wrong later: `warm` rejects, `exited` resolves. */
export function startRunner(host: Host, python: string, runnerDir: string): Runner {
  const userId = host.nextUserId();
  const folder = host.folders.create(userId);
  const cgroup = host.cgroups?.create(folder.instanceId) ?? null;
  cgroup?.limit(warmLimits);
  const { argv, env } = host.commandFor(folder, userId, ["-m", "fp_runner", "warm"]);
  const socketPath = join(folder.path, "app.sock");
  const order = {
    socketPath,
    argv,
    cgroupProcs: cgroup?.procs ?? [],
    rlimits: rlimitsFor(host, cgroup),
    seccompPath: host.seccompPath,
    socketUid: null,
  };
  const launcher = join(runnerDir, "fp_runner", "launch.py");
  // Its own process group: Ctrl+C in the terminal is the platform's to handle, its runners drain.
  const child = spawn(python, ["-I", launcher, JSON.stringify(order)], { env, stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true });
  return watchRunner(host, child, folder, cgroup, host.dedicatedUsers ? userId : null, socketPath);
}

/** `nproc` counts per user, so it means something only where each runner has one of its own. */
function rlimitsFor(host: Host, cgroup: InstanceCgroup | null): Record<string, [number, number]> {
  const rlimits: Record<string, [number, number]> = { nofile: [4096, 4096], core: [0, 0], fsize: [256 * 1_048_576, 256 * 1_048_576] };
  if (host.dedicatedUsers) rlimits["nproc"] = [256, 256];
  // Stacks of threads count as data, 8 MiB each though hardly touched: 1 GiB stops a runaway allocation and no ordinary app.
  if (!cgroup) rlimits["data"] = [1024 * 1_048_576, 1024 * 1_048_576];
  return rlimits;
}

function watchRunner(
  host: Host,
  child: ChildProcess,
  folder: RunFolder,
  cgroup: InstanceCgroup | null,
  owner: number | null,
  socketPath: string,
): Runner {
  const sandbox = host.isolation.level === "sandbox";
  const inner = sandbox ? inside.folder : folder.path;
  const output = readOutput(child);
  const control = openControl(child);
  let forwarder: Forwarder | null = null;
  let ended = false;
  if (child.pid !== undefined) folder.record(child.pid);
  const exited = whenEnded(child).then(async ({ code, signal, failure }): Promise<Exit> => {
    ended = true;
    if (failure) output.note(failure);
    output.end();
    forwarder?.close();
    const memory = cgroup?.readMemory() ?? null;
    // The group is only the session of the launcher; in a sandbox all have ended with the namespace's first process.
    if (!sandbox) killGroup(child);
    await cgroup?.remove();
    await folder.remove();
    return { code, signal, memory };
  });
  const warm = new Promise<void>((resolve, reject) => {
    control.on((message) => message.type === "warm" && resolve());
    void exited.then((exit) =>
      reject(new Error(`a runner ended before it was warm (${exit.signal ?? `code ${exit.code}`}): ${output.lastWords()}`)),
    );
  });
  // Who waits for it hears of it; nobody has to.
  warm.catch(() => {});
  const kill = () => {
    if (!ended) killGroup(child);
    return exited;
  };
  return {
    instanceId: folder.instanceId,
    socketPath,
    codeFolder: join(folder.path, "code"),
    codePath: join(inner, "code"),
    pid: child.pid ?? -1,
    get ended() {
      return ended;
    },
    warm,
    exited,
    openDatabase: async (target) => {
      forwarder = await startForwarder(join(folder.path, "mongo.sock"), target, owner);
      if (ended) forwarder.close();
      return join(inner, "mongo.sock");
    },
    databaseBytes: () => forwarder?.bytes ?? { in: 0, out: 0 },
    limit: (limits) => {
      if (!ended) cgroup?.limit(limits);
    },
    claim: (message) => {
      output.clear();
      control.send(message);
    },
    onMessage: control.on,
    onLine: output.onLine,
    lastWords: output.lastWords,
    drain: async (graceMs) => {
      control.send({ type: "drain", graceSeconds: Math.max(1, Math.round(graceMs / 1000)) });
      const timer = setTimeout(() => void kill(), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    kill,
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}

function whenEnded(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null; failure: string | null }> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, failure: error.message }));
    child.once("exit", (code, signal) => {
      const done = () => resolve({ code, signal, failure: null });
      const timer = setTimeout(done, outputGraceMs);
      child.once("close", () => {
        clearTimeout(timer);
        done();
      });
    });
  });
}

function openControl(child: ChildProcess) {
  const channel = child.stdio[3] as Duplex;
  const listeners: ((message: RunnerMessage) => void)[] = [];
  const reader = createLineReader((line) => {
    const message = parseRunnerMessage(line);
    if (message) for (const listener of listeners) listener(message);
  }, longestMessageBytes);
  channel.on("data", (chunk: Buffer) => reader.push(chunk));
  // A runner that has ended: `exited` tells.
  channel.on("error", () => {});
  return {
    on: (listener: (message: RunnerMessage) => void) => void listeners.push(listener),
    send: (message: PlatformMessage) => {
      if (channel.writable) channel.write(`${JSON.stringify(message)}\n`);
    },
  };
}

function readOutput(child: ChildProcess) {
  const listeners: ((stream: OutputStream | "platform", text: string) => void)[] = [];
  const rate = createLineRate();
  let words = "";
  let ended = false;
  const tell = (stream: OutputStream | "platform", text: string) => listeners.forEach((listener) => listener(stream, text));
  const noteDropped = () => {
    const dropped = rate.takeDropped();
    if (dropped > 0)
      tell(
        "platform",
        `${dropped} ${dropped === 1 ? "line was" : "lines were"} left out: the app writes more than 500 lines or 256 KiB a second`,
      );
  };
  const readers = (["stdout", "stderr"] as const).map((stream) => {
    const reader = createLineReader((text) => {
      if (ended) return;
      if (stream === "stderr") words = `${words}${text}\n`.slice(-lastWordsBytes);
      if (rate.admit(text.length, performance.now())) {
        noteDropped();
        tell(stream, text);
      }
    });
    const source = child[stream]!;
    let windowStart = 0;
    let windowBytes = 0;
    source.on("data", (chunk: Buffer) => {
      const now = performance.now();
      if (now - windowStart > 1000) {
        windowStart = now;
        windowBytes = 0;
      }
      windowBytes += chunk.length;
      reader.push(chunk);
      if (windowBytes < mostReadBytesPerSecond) return;
      source.pause();
      setTimeout(() => source.resume(), Math.max(1, windowStart + 1000 - now)).unref();
    });
    source.on("error", () => {});
    return reader;
  });
  return {
    onLine: (listener: (stream: OutputStream | "platform", text: string) => void) => void listeners.push(listener),
    lastWords: () => words.trimEnd(),
    /** What a warm runner wrote is not the app's. */
    clear: () => void (words = ""),
    note: (text: string) => void (words = `${words}${text}\n`),
    end: () => {
      for (const reader of readers) reader.end();
      noteDropped();
      ended = true;
    },
  };
}
