/** One runner: its process, its control channel, its output and its end. Knows nothing of apps; serves at most one, once. */
import { join } from "node:path";
import type { InstanceLimits, RuntimeCounts } from "../runtime.ts";
import type { Birth } from "./births.ts";
import type { InstanceCgroup } from "./cgroups.ts";
import type { Exit } from "../exit-reason.ts";
import { startForwarder, type Forwarder, type MongoTarget } from "../forwarder.ts";
import type { Host } from "./host.ts";
import { watchLimits } from "./limit-notes.ts";
import type { ClaimMessage, RunnerMessage } from "../protocol.ts";
import { createControl, createLife, createOutput, type OutputStream } from "./runner-channels.ts";
import { inside } from "./sandbox.ts";

/** What a runner may use before it is known what it will run. */
const warmLimits = { memoryMiB: 512, cpus: 4, processes: 128 };
/** Makes the ways to the Internet: the egress proxy, as far as this adapter knows it. */
export interface EgressSockets {
  /** Listens at `socketPath` for one app; with `owner`, only that user (and root) may connect. */
  open(socketPath: string, app: { appId: string; owner: number | null }): Promise<{ close(): void }>;
}

export interface Runner {
  readonly instanceId: string;
  readonly socketPath: string;
  /** Where the app's files belong: on this machine, and as the runner sees the folder. */
  readonly codeFolder: string;
  readonly codePath: string;
  /** The first process of its sandbox, with which all of it ends; null until it was forked. */
  readonly pid: number | null;
  readonly ended: boolean;
  /** Settles when the runner waits for its claim; rejects when it ended before. */
  readonly warm: Promise<void>;
  /** Always resolves: when all is read, the folder and the cgroup gone. */
  readonly exited: Promise<Exit>;
  /** Opens the way to the database; returns the socket's path as the runner sees it. */
  openDatabase(target: MongoTarget): Promise<string>;
  /** Opens the way to the Internet, as far as the administrator allows it. */
  openEgress(egress: EgressSockets, appId: string): Promise<void>;
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

/** Starts a generic runner, as quickly as can be when it is `awaited`. Never throws for what goes wrong later: `warm` rejects, `exited` resolves. */
export function startRunner(host: Host, counts: RuntimeCounts, awaited = false): Runner {
  const userId = host.nextUserId();
  const owner = host.dedicatedUsers ? userId : null;
  const folder = host.folders.create(userId);
  const inner = host.isolation.level === "sandbox" ? inside.folder : folder.path;
  const output = createOutput(counts);
  const control = createControl(counts, output.tell);
  const life = createLife();
  const sockets: { close(): void }[] = [];
  let forwarder: Forwarder | null = null;
  let cgroup: InstanceCgroup | null = null;
  let limits: InstanceLimits | null = null;
  let limitsWatch: { stop(): void } | null = null;
  let stuckMs: number | undefined;
  let ended = false;

  /** In its cgroup before it does anything, and known to the next start of the platform before it can outlive this one. */
  const admit = async (birth: Birth) => {
    folder.record(birth.pid);
    control.attach(birth.channels.control);
    output.attach(birth.channels);
    life.attach(birth);
    await cgroup?.enter(birth.pid);
    birth.go();
  };
  const born = (async () => {
    cgroup = host.cgroups?.create(folder.instanceId) ?? null;
    cgroup?.limit(warmLimits);
    const birth = await host.zygote.fork(folder.instanceId, owner, awaited);
    try {
      await admit(birth);
    } catch (error) {
      birth.channels.lifeline.destroy();
      throw error;
    }
  })();
  born.catch((error: unknown) => life.fail(error instanceof Error ? error.message : String(error)));

  const exited = life.ended.then(async ({ code, signal, failure }): Promise<Exit> => {
    ended = true;
    if (failure) output.note(failure);
    limitsWatch?.stop();
    await output.finish();
    for (const socket of sockets) socket.close();
    control.close();
    const memory = cgroup?.readMemory() ?? null;
    await cgroup?.remove();
    await folder.remove();
    return { code, signal, memory, ...(stuckMs === undefined ? {} : { stuckMs }) };
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
    life.kill();
    return exited;
  };
  const open = async <Opened extends { close(): void }>(name: string, start: (path: string) => Promise<Opened>) => {
    const opened = await start(join(folder.path, name));
    if (ended) opened.close();
    else sockets.push(opened);
    return { opened, path: join(inner, name) };
  };
  return {
    instanceId: folder.instanceId,
    socketPath: join(folder.path, "app.sock"),
    codeFolder: join(folder.path, "code"),
    codePath: join(inner, "code"),
    get pid() {
      return life.pid;
    },
    get ended() {
      return ended;
    },
    warm,
    exited,
    openDatabase: async (target) => {
      const { opened, path } = await open("mongo.sock", (at) => startForwarder(at, target, owner));
      forwarder = opened;
      return path;
    },
    openEgress: async (egress, appId) => void (await open("egress.sock", (at) => egress.open(at, { appId, owner }))),
    databaseBytes: () => forwarder?.bytes ?? { in: 0, out: 0 },
    limit: (wanted) => {
      limits = wanted;
      if (!ended) cgroup?.limit(wanted);
    },
    claim: (message) => {
      output.clear();
      limitsWatch = cgroup && watchLimits(limits?.cpus ?? warmLimits.cpus, readRefused(cgroup), output.tell, counts);
      control.send(message);
    },
    onMessage: control.on,
    onLine: output.onLine,
    lastWords: output.lastWords,
    drain: async (graceMs) => {
      control.send({ type: "drain", graceSeconds: Math.max(1, Math.round(graceMs / 1000)) });
      const timer = setTimeout(() => {
        stuckMs = graceMs;
        void kill();
      }, graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    kill,
  };
}

const readRefused = (cgroup: InstanceCgroup) => () => ({ pressure: cgroup.readPressure(), memory: cgroup.readMemory() });
