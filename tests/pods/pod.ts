/** A runner's pod as a plain process: the real `python -m fp_runner` with the environment that a container has. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seccompEnvironment } from "#server/runtime/kubernetes/seccomp-env.ts";
import type { HandOffClaim } from "#server/runtime/kubernetes/hand-off.ts";
import { waitFor } from "../wait.ts";

export const python = process.env["FP_PYTHON"];
export const poolKey = "the key of the pool of this test, as long as one";
const runnerDir = join(import.meta.dirname, "../../runner");

export const hello = `
from fastapi import FastAPI
app = FastAPI()
@app.get("/")
def root():
    return "hello"
`;

/** What the platform gives; `files` beside what is the same for all tests. */
export function toClaim(files: Record<string, unknown>, changes: Record<string, unknown> = {}): HandOffClaim {
  return {
    mode: "serve",
    loadMs: 20_000,
    instance: "pod-1",
    appId: "0123456789abcdef0123456a",
    slug: "shop",
    version: 3,
    entrypoint: "app.py",
    env: {},
    database: null,
    sessionKey: "secret",
    concurrency: 80,
    memoryMiB: 256,
    door: null,
    files,
    ...changes,
  } as HandOffClaim;
}

export interface PodOptions {
  key?: string;
  door?: string;
  /** Another container of the same pod. */
  after?: Pod;
}

export interface Pod {
  readonly folder: string;
  readonly uid: string;
  readonly controlPort: number;
  /** Its standard output so far, marks included. */
  readonly printed: string;
  /** What the kubelet gets from it. */
  readiness(): Promise<number>;
  untilWarm(): Promise<unknown>;
  get(path: string): Promise<Response>;
  kill(signal: NodeJS.Signals): boolean;
  /** How its container ended: the exit code, and the message for the kubelet. */
  end(): Promise<{ code: number | null; message: unknown }>;
  close(): Promise<void>;
}

export async function startPod({ key = poolKey, door, after }: PodOptions = {}): Promise<Pod> {
  const folder = after?.folder ?? (await mkdtemp(join(tmpdir(), "fp-pod-")));
  const [appPort, controlPort, egressPort] = await freePorts(3);
  const uid = after?.uid ?? randomBytes(8).toString("hex");
  const child = spawn(python!, ["-m", "fp_runner", "warm"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      PYTHONPATH: runnerDir,
      PYTHONDONTWRITEBYTECODE: "1",
      TMPDIR: folder,
      FP_POD_UID: uid,
      FP_POD_NAME: "pod-1",
      FP_POOL_KEY: key,
      FP_SECCOMP: seccompEnvironment(),
      FP_FOLDER: folder,
      FP_APP_PORT: String(appPort),
      FP_CONTROL_PORT: String(controlPort),
      FP_EGRESS_PORT: String(egressPort),
      FP_TERMINATION_LOG: join(folder, "end"),
      ...(door === undefined ? {} : { FP_DOOR: door }),
    },
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
  const closed = once(child, "close");
  const readiness = async () => (await fetch(`http://127.0.0.1:${controlPort}/ready`, { signal: AbortSignal.timeout(10_000) })).status;
  return {
    folder,
    uid,
    controlPort: controlPort!,
    readiness,
    get printed() {
      return printed;
    },
    untilWarm: () => waitFor("a warm pod", async () => (await readiness()) === 200),
    get: (path: string) => fetch(`http://127.0.0.1:${appPort}${path}`, { signal: AbortSignal.timeout(20_000) }),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    async end() {
      await closed;
      return { code: child.exitCode, message: JSON.parse(readFileSync(join(folder, "end"), "utf8")) };
    },
    async close() {
      child.kill("SIGKILL");
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
