/** Why a runner ended, in words for the app's owner. Pure. */
import type { EndReason, LoadError } from "./runtime.ts";

export interface MemoryUse {
  limitBytes: number;
  peakBytes: number;
  /** Processes of the instance that the kernel killed for memory. */
  kills: number;
}

export interface Exit {
  /** As the app gave it: one above 128 is its own word too, for a signal is told as one. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** As the cgroup counted it; null where there is none. */
  memory: MemoryUse | null;
  /** It was asked to end, did not within so many ms, and was killed. */
  stuckMs?: number;
}

/** What an instance was asked to end for. */
export type Asked = Extract<EndReason, "idle" | "asked" | "replaced" | "shutdown" | "removed">;

export const megabytes = (bytes: number) => `${Math.max(1, Math.round(bytes / 1_048_576))} MB`;

const signalWords: Partial<Record<NodeJS.Signals, string>> = {
  SIGSEGV: "crashed in native code (SIGSEGV)",
  SIGABRT: "aborted in native code (SIGABRT)",
  SIGBUS: "crashed in native code (SIGBUS)",
  SIGILL: "crashed in native code (SIGILL)",
  SIGFPE: "crashed in native code (SIGFPE)",
  SIGSYS: "made a system call that the sandbox does not allow (SIGSYS)",
  SIGXFSZ: "wrote a file larger than a sandbox may (SIGXFSZ)",
};

/** One clause that continues "The app …", such as "was killed at 256 MB, peak 256 MB". */
export function describeExit(exit: Exit): { kind: "memory" | "killed" | "exit"; words: string } {
  const { signal } = exit;
  // A process it started may have been killed for memory long before the app itself ended for another reason.
  if (exit.memory && exit.memory.kills > 0 && signal === "SIGKILL") {
    const { limitBytes, peakBytes } = exit.memory;
    return {
      kind: "memory",
      words: `was killed at ${megabytes(limitBytes)}, peak ${megabytes(Math.min(peakBytes, limitBytes))}: it needs more memory than its limit`,
    };
  }
  if (signal) return { kind: "killed", words: signalWords[signal] ?? `was killed by ${signal}` };
  if (exit.code === 0) return { kind: "exit", words: "ended by itself (exit code 0), as after sys.exit() or os._exit(0)" };
  return { kind: "exit", words: `ended by itself with exit code ${exit.code ?? "unknown"}` };
}

/** How an end counts: what it was asked for, unless it had to be killed for not obeying, or what befell it. */
export function endReason(exit: Exit, asked: Asked | null): EndReason {
  if (asked !== null) return exit.stuckMs === undefined ? asked : "stuck";
  return describeExit(exit).kind;
}

/** For the log of an app that was asked to end and had to be killed; null when it obeyed. */
export function describeStuck(exit: Exit): string | null {
  if (exit.stuckMs === undefined) return null;
  const seconds = Math.round(exit.stuckMs / 100) / 10;
  return `The app did not end within ${seconds} s of being asked to, and was killed: a thread, a handler of SIGTERM or its lifespan's shutdown went on`;
}

/** The LoadError of a runner that ended before its app answered; `lastWords` is the end of its stderr. */
export function exitToLoadError(exit: Exit, lastWords: string): LoadError {
  const { kind, words } = describeExit(exit);
  const error: LoadError = {
    kind: kind === "memory" ? "memory" : "exit",
    type: kind === "memory" ? "MemoryLimit" : "ProcessExit",
    message: `The app ${words}`,
  };
  if (lastWords.trim()) error.traceback = lastWords.trimEnd();
  return error;
}
