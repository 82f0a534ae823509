/**
 * The process that runners are forked from. It has imported everything, holds no secret and runs no user code; each fork is an
 * instance of its own namespaces, user and cgroup before it is given an app (docs/adr/0011). Knows nothing of apps or pools.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { z } from "zod";
import { completeBirth, listenForBirths, type Birth, type Pending } from "./births.ts";
import { createLineReader } from "../lines.ts";

export interface ZygoteConfig {
  isolated: boolean;
  /** A compiled filter in hexadecimal; empty where the architecture has none. */
  seccomp: string;
  /** The folder of all instances, as the zygote sees it, and where an instance sees its own. */
  folders: string;
  folderInside: string;
  tmpBytes: number;
  shmBytes: number;
  rlimits: Readonly<Record<string, readonly [number, number]>>;
  /** An instance's folder and user to try the isolation with; the folder is empty where the machine was tried out before. */
  probe: string;
  user: number | null;
}

export interface ZygoteOptions {
  /** The command, its environment, and what it is told first. */
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  config: ZygoteConfig;
  /** Where instances connect to, as this process sees it. */
  socketPath: string;
  /** Told when a zygote ends that was not asked to. */
  onDeath(message: string): void;
  /** How long a fork may take before the zygote counts as stuck and is replaced; 15 s. */
  birthTimeoutMs?: number;
}

export interface Zygote {
  /** Forks one instance; `awaited`: somebody waits for it. @throws Error when the machine refuses, or the zygote ends meanwhile. */
  fork(instance: string, user: number | null, awaited: boolean): Promise<Birth>;
  /** The process that forks now; instances outlive it. Null while the next one starts. */
  readonly pid: number | null;
  close(): Promise<void>;
}

/** Hash seed and address layout are a zygote's for life, and so its forks': renewed so that nobody can learn them for long. */
const renewAfterMs = 60 * 60_000;
const startTimeoutMs = 30_000;
const birthTimeoutMs = 15_000;
const longestLineBytes = 64 * 1024;

const messageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("isolated") }),
  z.object({ type: z.literal("ready"), ms: z.number() }),
  z.object({ type: z.literal("refused"), message: z.string() }),
  z.object({ type: z.literal("forked"), instance: z.string(), pid: z.number().int().positive() }),
  z.object({ type: z.literal("failed"), instance: z.string(), message: z.string() }),
]);

interface Generation {
  readonly child: ChildProcess;
  readonly startedAt: number;
  /** Settles when it forks; rejects when it ended before. */
  readonly ready: Promise<void>;
  readonly pending: Map<string, Pending>;
  send(message: object): void;
  /** Lets it end when it has done what it was asked. */
  retire(): void;
}

/**
 * Starts the first zygote and resolves when it has shown that it can isolate (or need not): its imports go on meanwhile.
 * @throws Error with the words of what the machine refused.
 */
export async function openZygote(options: ZygoteOptions): Promise<Zygote> {
  const pendings = new Map<string, Pending>();
  const server = await listenForBirths(options.socketPath, pendings);
  let closed = false;

  const begin = (config = { ...options.config, probe: "" }): { generation: Generation; isolated: Promise<void> } => {
    let worked = false;
    const started = startGeneration({ ...options, config }, pendings, (message) => {
      if (closed) return;
      // The next one's imports begin now and not when somebody waits for a fork; one that never worked is not tried in a loop.
      if (current === started.generation) current = worked ? begin().generation : null;
      options.onDeath(message);
    });
    started.generation.ready.then(
      () => (worked = true),
      () => {},
    );
    return started;
  };

  const first = begin(options.config);
  let current: Generation | null = first.generation;
  let next: Generation | null = null;
  try {
    await first.isolated;
  } catch (error) {
    closed = true;
    server.close();
    throw error;
  }

  /** The next generation takes over when it is ready, so that nobody waits for its imports. */
  const renew = () => {
    if (next || !current || performance.now() - current.startedAt < renewAfterMs) return;
    const { generation } = begin();
    next = generation;
    generation.ready.then(
      () => {
        current?.retire();
        current = generation;
        next = null;
      },
      () => (next = null),
    );
  };

  return {
    get pid() {
      return current?.child.pid ?? null;
    },
    fork: async (instance, user, awaited) => {
      if (closed) throw new Error("the runtime has stopped");
      renew();
      const generation = (current ??= begin().generation);
      await generation.ready;
      return await giveBirth(generation, pendings, { instance, user, awaited }, options.birthTimeoutMs ?? birthTimeoutMs);
    },
    close: async () => {
      closed = true;
      const ended = [current, next].map(async (generation) => generation && (await end(generation)));
      await Promise.all(ended);
      server.close();
    },
  };
}

function giveBirth(
  generation: Generation,
  pendings: Map<string, Pending>,
  order: { instance: string; user: number | null; awaited: boolean },
  timeoutMs: number,
): Promise<Birth> {
  const { instance } = order;
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null) => {
      if (!pendings.delete(instance)) return;
      generation.pending.delete(instance);
      clearTimeout(timer);
      const { pid, channels } = pending;
      if (error === null && pid !== null) {
        const whole = channels as Birth["channels"];
        resolve({ pid, channels: whole, go: () => void whole.lifeline.write("g") });
        return;
      }
      // Without its lifeline the init ends by itself.
      for (const channel of Object.values(channels)) channel.destroy();
      reject(error ?? new Error("the fork of a runner did not finish"));
    };
    const timer = setTimeout(() => {
      settle(new Error("the fork of a runner took too long"));
      // What does not fork now never will; the next asker starts another.
      killGroup(generation.child);
    }, timeoutMs);
    const pending: Pending = { pid: null, channels: {}, settle };
    pendings.set(instance, pending);
    generation.pending.set(instance, pending);
    generation.send({ type: "fork", ...order });
  });
}

function startGeneration(options: ZygoteOptions, pendings: ReadonlyMap<string, Pending>, onDeath: (message: string) => void) {
  const { argv, env, config } = options;
  // Its own session: Ctrl+C in the terminal is the platform's to handle.
  const child = spawn(argv[0]!, argv.slice(1), { env, stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true });
  const channel = child.stdio[3] as Duplex;
  const words = readWords(child);
  const isolated = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const pending = new Map<string, Pending>();
  let retired = false;
  const fail = (error: Error) => {
    clearTimeout(timer);
    isolated.reject(error);
    ready.reject(error);
    for (const each of [...pending.values()]) each.settle(error);
  };
  const timer = setTimeout(() => {
    fail(new Error("it did not start in time"));
    killGroup(child);
  }, startTimeoutMs);
  isolated.promise.catch(() => {});
  const reader = createLineReader((line) => {
    const message = parseMessage(line);
    if (!message) return;
    if (message.type === "isolated") isolated.resolve();
    else if (message.type === "refused") fail(new Error(message.message));
    else if (message.type === "ready") {
      clearTimeout(timer);
      isolated.resolve();
      ready.resolve();
    } else if (message.type === "failed") pendings.get(message.instance)?.settle(new Error(message.message));
    else {
      const born = pendings.get(message.instance);
      if (!born) return;
      born.pid = message.pid;
      completeBirth(born);
    }
  }, longestLineBytes);
  channel.on("data", (chunk: Buffer) => reader.push(chunk));
  channel.on("error", () => {});
  const over = (how: string) => {
    const message = `the process that runners are forked from ${how}${words.last() ? `: ${words.last()}` : ""}`;
    fail(new Error(message));
    if (!retired) onDeath(message);
  };
  child.once("error", (error) => over(`could not be started (${error.message})`));
  child.once("exit", (code, signal) => over(`ended (${signal ?? `code ${code}`})`));
  const send = (message: object) => {
    if (channel.writable) channel.write(`${JSON.stringify(message)}\n`);
  };
  send({ type: "config", ...config });
  const generation: Generation = {
    child,
    startedAt: performance.now(),
    ready: ready.promise,
    pending,
    send,
    retire: () => {
      retired = true;
      channel.end();
    },
  };
  return { generation, isolated: isolated.promise };
}

/** The last line it wrote, for whoever is told that it ended. */
function readWords(child: ChildProcess): { last(): string } {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => void (text = (text + chunk.toString()).slice(-2_000)));
    stream?.on("error", () => {});
  }
  return { last: () => text.trim().split("\n").at(-1) ?? "" };
}

function parseMessage(line: string): z.infer<typeof messageSchema> | null {
  try {
    return messageSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

async function end(generation: Generation): Promise<void> {
  const { child } = generation;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  generation.retire();
  killGroup(child);
  await ended;
}
