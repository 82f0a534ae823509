/** Why a runner ended, in words for the app's owner. Pure. */
import { constants } from "node:os";
import type { LoadError } from "../runtime.ts";

export interface MemoryUse {
  limitBytes: number;
  peakBytes: number;
  /** Processes of the instance that the kernel killed for memory. */
  kills: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** As the cgroup counted it; null where there is none. */
  memory: MemoryUse | null;
}

const megabytes = (bytes: number) => `${Math.max(1, Math.round(bytes / 1_048_576))} MB`;

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]));

/** bwrap reports a child that a signal ended as 128 + signal, as shells do. */
function signalOf(exit: Exit): string | null {
  if (exit.signal) return exit.signal;
  if (exit.code !== null && exit.code > 128) return signalNames.get(exit.code - 128) ?? `signal ${exit.code - 128}`;
  return null;
}

const signalWords: Record<string, string> = {
  SIGSEGV: "crashed in native code (SIGSEGV)",
  SIGABRT: "aborted in native code (SIGABRT)",
  SIGBUS: "crashed in native code (SIGBUS)",
  SIGILL: "crashed in native code (SIGILL)",
  SIGFPE: "crashed in native code (SIGFPE)",
  SIGSYS: "made a system call that the sandbox does not allow (SIGSYS)",
};

/** One clause that continues "the app …", such as "was killed at 256 MB, peak 256 MB". */
export function describeExit(exit: Exit): { kind: "memory" | "exit"; words: string } {
  if (exit.memory && exit.memory.kills > 0) {
    const { limitBytes, peakBytes } = exit.memory;
    return {
      kind: "memory",
      words: `killed at ${megabytes(limitBytes)}, peak ${megabytes(Math.min(peakBytes, limitBytes))}: it needs more memory than its limit`,
    };
  }
  const signal = signalOf(exit);
  if (signal) return { kind: "exit", words: signalWords[signal] ?? `killed by ${signal}` };
  if (exit.code === 0) return { kind: "exit", words: "ended by itself (exit code 0), as after sys.exit() or os._exit(0)" };
  return { kind: "exit", words: `ended by itself with exit code ${exit.code ?? "unknown"}` };
}

/** The LoadError of a runner that ended before its app answered; `lastWords` is the end of its stderr. */
export function exitToLoadError(exit: Exit, lastWords: string): LoadError {
  const { kind, words } = describeExit(exit);
  const error: LoadError = {
    kind,
    type: kind === "memory" ? "MemoryLimit" : "ProcessExit",
    message: `The app ${kind === "memory" ? "was " : ""}${words}`,
  };
  if (lastWords.trim()) error.traceback = lastWords.trimEnd();
  return error;
}
