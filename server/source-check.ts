/**
 * Checks users' source in a process of its own, which is started when it is first needed and ends when nothing was checked for a while.
 *
 * Ruff as WebAssembly, inside the platform's process, kept it from answering anyone for half a second when it was first used, and
 * V8's optimising compiler then spent 5 s of a core and 240 MB on two of its functions. In a process of its own it holds nobody up, and
 * V8 can be told to leave it at that (`--liftoff-only`): a check is no slower, 10 ms for the largest file.
 */
import { fork, type ChildProcess } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import { dirname, join } from "node:path";
import type { ValidationResult } from "#core/contract/deployment.ts";
import type { Files } from "#core/contract/files.ts";
import { AppError } from "#core/contract/problem.ts";

export interface CheckRequest {
  id: number;
  files: Files;
  entrypoint: string;
  allowedImports: ReadonlySet<string>;
  pythonVersion: string;
}

export interface CheckAnswer {
  id: number;
  result: ValidationResult;
}

export interface SourceChecker {
  /** @throws AppError `runtime_unavailable` when the process ended twice over this check, or took too long. */
  check(files: Files, entrypoint: string): Promise<ValidationResult>;
  /** Starts the process, if it does not run: a check is likely soon. */
  prepare(): void;
  /** Ends the process. */
  stop(): void;
}

export interface SourceCheckerOptions {
  /** The folder with `server/`. */
  rootDir: string;
  pythonVersion: string;
  /** What may be imported beside an app's own modules, asked for each check. */
  allowedImports: () => ReadonlySet<string>;
  /** After so long without a check the process ends; 10 min, the pauses of somebody at work. */
  idleMs?: number;
  /** Longest that one check may take; 20 s. The largest bundle takes 100 ms. */
  longestMs?: number;
}

interface Waiting {
  request: CheckRequest;
  tries: number;
  timer: NodeJS.Timeout;
  resolve(result: ValidationResult): void;
  reject(error: Error): void;
}

/** The heap bounds what a hostile source could make it use; what was checked is soon garbage. */
const nodeFlags = ["--liftoff-only", "--max-semi-space-size=4", "--max-old-space-size=256"];

export function createSourceChecker(options: SourceCheckerOptions): SourceChecker {
  const { pythonVersion, allowedImports, idleMs = 10 * 60_000, longestMs = 20_000 } = options;
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | null = null;
  let idle: NodeJS.Timeout | undefined;
  let nextId = 0;
  let stopped = false;

  const rest = (): void => {
    // It ends by itself, and leaves what Node compiled for the next one.
    if (child?.connected) child.disconnect();
    child = null;
  };
  const restWhenIdle = (): void => {
    clearTimeout(idle);
    if (waiting.size === 0) idle = setTimeout(rest, idleMs).unref();
  };
  const settle = (id: number, act: (entry: Waiting) => void): void => {
    const entry = waiting.get(id);
    if (!entry) return;
    waiting.delete(id);
    clearTimeout(entry.timer);
    act(entry);
    restWhenIdle();
  };
  const fail = (id: number): void =>
    settle(id, ({ reject }) =>
      reject(
        new AppError("runtime_unavailable", "The files could not be checked just now. What was saved is kept: try again.", {
          retryAfterSeconds: 5,
        }),
      ),
    );
  const send = (entry: Waiting): void => {
    entry.tries += 1;
    running().send(entry.request);
  };
  /** Ended by a source, or by whoever ends processes: what it was asked is asked once more. */
  const lost = (): void => {
    for (const entry of [...waiting.values()]) {
      if (entry.tries < 2 && !stopped) send(entry);
      else fail(entry.request.id);
    }
  };
  const running = (): ChildProcess => {
    if (child) return child;
    const started = start(options.rootDir);
    child = started;
    started.on("message", ({ id, result }: CheckAnswer) => settle(id, ({ resolve }) => resolve(result)));
    // A message to a process that has just ended: `exit` tells.
    started.on("error", () => undefined);
    started.once("exit", () => {
      if (child !== started) return;
      child = null;
      lost();
    });
    restWhenIdle();
    return started;
  };

  return {
    check: (files, entrypoint) =>
      new Promise((resolve, reject) => {
        clearTimeout(idle);
        const id = (nextId += 1);
        const timer = setTimeout(() => {
          // It does nothing else meanwhile: the others' checks begin anew in another process.
          fail(id);
          const stuck = child;
          child = null;
          stuck?.kill("SIGKILL");
          lost();
        }, longestMs);
        const entry = {
          request: { id, files, entrypoint, allowedImports: allowedImports(), pythonVersion },
          tries: 0,
          timer,
          resolve,
          reject,
        };
        waiting.set(id, entry);
        if (stopped) fail(id);
        else send(entry);
      }),
    prepare() {
      if (!stopped) running();
    },
    stop() {
      stopped = true;
      clearTimeout(idle);
      child?.kill("SIGKILL");
      child = null;
      lost();
    },
  };
}

function start(rootDir: string): ChildProcess {
  // 250 ms to the first answer instead of 380.
  const compiled = getCompileCacheDir();
  const child = fork(join(rootDir, "server/source-check-process.ts"), [], {
    execArgv: nodeFlags,
    serialization: "advanced",
    // Nothing of the platform's settings: it handles text that strangers wrote.
    env: { PATH: process.env["PATH"], NODE_ENV: "production", ...(compiled ? { NODE_COMPILE_CACHE: dirname(compiled) } : {}) },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // The platform ends when its work is done, not when this one does; a killed platform closes the channel, which ends it.
  child.unref();
  child.channel?.unref();
  return child;
}
