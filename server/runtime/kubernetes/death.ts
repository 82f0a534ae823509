/** How an app's container ended, in the words that the same end has on one machine. Pure. */
import { z } from "zod";
import type { LoadError } from "../runtime.ts";
import { describeExit, exitToLoadError, type Exit } from "../exit-reason.ts";
import { LoadFailure } from "../load-failure.ts";
import type { PodView, Termination } from "./app-view.ts";

const mebibyte = 1_048_576;

/** The init's termination message (`runner/fp_runner`): at most 4 KiB, written by pid 1 and never by the app. */
const messageSchema = z.object({
  kind: z.enum(["exit", "signal", "memory"]),
  code: z.number().int().nullish(),
  signal: z.union([z.string(), z.number()]).nullish(),
  peakMiB: z.number().nullish(),
  limitMiB: z.number().nullish(),
  error: z
    .object({
      kind: z.enum(["load", "entrypoint", "lifespan", "timeout", "memory", "exit"]),
      type: z.string(),
      message: z.string(),
      file: z.string().optional(),
      line: z.number().int().optional(),
      column: z.number().int().optional(),
      traceback: z.string().optional(),
    })
    .nullish(),
});

const signals: Readonly<Record<number, NodeJS.Signals>> = {
  4: "SIGILL",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
  25: "SIGXFSZ",
  31: "SIGSYS",
};

interface Death {
  exit: Exit;
  error: LoadError | null;
}

/** Reads what the init wrote; where it could not (it was killed too), what the kubelet knows. */
export function readDeath(ended: Termination, memoryMiB: number): Death {
  const told = parseMessage(ended.message);
  const limitBytes = (told?.limitMiB ?? memoryMiB) * mebibyte;
  const killed = { limitBytes, peakBytes: (told?.peakMiB ?? memoryMiB) * mebibyte, kills: 1 };
  if (told?.kind === "memory" || (told === null && ended.reason === "OOMKilled"))
    return { exit: { code: null, signal: "SIGKILL", memory: killed }, error: told?.error ?? null };
  if (told?.kind === "signal") return { exit: { code: null, signal: toSignal(told.signal), memory: null }, error: told.error ?? null };
  // Of pid 1 itself, which ends by a signal only when all of the pod is killed: a node that is stopped, or threw it out.
  if (told === null && ended.exitCode > 128)
    return { exit: { code: null, signal: toSignal(ended.exitCode - 128), memory: null }, error: null };
  return { exit: { code: told?.code ?? ended.exitCode, signal: null, memory: null }, error: told?.error ?? null };
}

/** One clause that continues "The app …". */
export const describeDeath = (pod: PodView, ended: Termination): string => describeExit(readDeath(ended, pod.memoryMiB).exit).words;

/** For whoever waits for an app whose container ended before it answered. */
export function toLoadFailure(pod: PodView, ended: Termination): LoadFailure {
  const { exit, error } = readDeath(ended, pod.memoryMiB);
  return new LoadFailure(error ?? exitToLoadError(exit, ""), null);
}

function parseMessage(message: string): z.infer<typeof messageSchema> | null {
  try {
    return messageSchema.safeParse(JSON.parse(message)).data ?? null;
  } catch {
    return null;
  }
}

const toSignal = (signal: string | number | null | undefined): NodeJS.Signals =>
  typeof signal === "number" ? (signals[signal] ?? "SIGKILL") : ((signal ?? "SIGKILL") as NodeJS.Signals);
