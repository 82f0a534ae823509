/** The load generator and peers of bench/peers, which are written in Go so that they cost little. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The host that is asked for; what it is called makes no difference to any side. */
export const appHost = "notes.localhost:3000";

export type Target = { port: number; host?: string; path?: string } | { socketPath: string };

export interface LoadResult {
  requests: number;
  /** Connections that ended or were answered other than 200. */
  failures: number;
  seconds: number;
  p50Us: number;
  p99Us: number;
}

export interface Peers {
  binary: string;
  /** For what else is needed as long as they are. */
  folder: string;
  /** Flags as in bench/peers/load.go. */
  load(target: Target, flags: Record<string, number>): Promise<LoadResult>;
  close(): Promise<void>;
}

/** Builds them. Null where there is no Go. */
export async function buildPeers(): Promise<Peers | null> {
  const folder = await mkdtemp(join(tmpdir(), "fp-bench-gateway-"));
  const binary = join(folder, "peers");
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await run("go", ["build", "-o", binary, "."], { cwd: join(import.meta.dirname, "peers") });
  } catch (error) {
    await close();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return {
    binary,
    folder,
    async load(target, flags) {
      const where =
        "port" in target
          ? ["-address", `127.0.0.1:${target.port}`, "-host", target.host ?? appHost, ...(target.path ? ["-path", target.path] : [])]
          : ["-network", "unix", "-address", target.socketPath];
      const numbers = Object.entries(flags).flatMap(([name, value]) => [`-${name}`, String(value)]);
      const { stdout } = await run(binary, ["load", ...where, ...numbers]);
      return JSON.parse(stdout) as LoadResult;
    },
    close,
  };
}
