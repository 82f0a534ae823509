/** The peer: plain `python -m uvicorn` from nothing, with the same app, the same packages and the same client. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../tests/platform.ts";
import { send, type Answer } from "../tests/http.ts";

const longestStartMs = 20_000;

export interface RunningPeer {
  pid: number;
  /** ms from starting the process to its first 200. */
  startMs: number;
  ask(): Promise<Answer>;
  /** Resolves when the process has ended. */
  end(): Promise<void>;
}

export interface Peer {
  /** Starts a process; resolves at its first 200. */
  run(): Promise<RunningPeer>;
  /** Starts a process and ends it: ms to its first 200. */
  start(): Promise<number>;
  close(): Promise<void>;
}

/** Puts `code` into a folder of its own and starts it from there, as its author would. */
export async function openPeer(python: string, code: string, env: Record<string, string> = {}): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), "fp-peer-"));
  // An interrupted run ends by process.exit, which no finally block sees.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  await writeFile(join(folder, "app.py"), code);
  const run = async (): Promise<RunningPeer> => {
    const port = await freePort();
    const started = performance.now();
    const child = spawn(python, ["-m", "uvicorn", "app:app", "--port", String(port), "--log-level", "critical"], {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...env },
      stdio: "ignore",
    });
    const exited = once(child, "exit");
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    const end = async (): Promise<void> => {
      kill();
      process.off("exit", kill);
      await exited;
    };
    const ask = (): Promise<Answer> => send(port, "localhost", "/");
    try {
      for (;;) {
        // Refused until it listens; asked every 2 ms, so that what is measured is not our own pause.
        const answer = await ask().catch(() => null);
        if (answer?.status === 200) return { pid: child.pid!, startMs: performance.now() - started, ask, end };
        if (answer) throw new Error(`uvicorn answered ${answer.status}: ${answer.text}`);
        if (child.exitCode !== null || performance.now() - started > longestStartMs) throw new Error("uvicorn did not start");
        await delay(2);
      }
    } catch (error) {
      await end();
      throw error;
    }
  };
  return {
    run,
    async start() {
      const running = await run();
      await running.end();
      return running.startMs;
    },
    async close() {
      process.off("exit", remove);
      remove();
    },
  };
}
