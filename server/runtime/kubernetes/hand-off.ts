/**
 * Gives a pod its app over its control port. Addresses of pods are reused, so both sides first prove with the pool's key that they are
 * who was meant: files, variables and credentials go to the pod of that UID and to no other. The pod's half is `runner/fp_runner/pod*.py`.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { exitToLoadError } from "../exit-reason.ts";
import { createLineReader } from "../lines.ts";
import { LoadFailure, reportMs, toTimeout } from "../load-failure.ts";
import { longestMessageBytes, parseRunnerMessage, type RunnerMessage } from "../protocol.ts";
import type { LoadReport } from "../runtime.ts";

/** The claim is sent as it is; only these members are looked at here. */
export interface HandOffClaim {
  readonly mode: "serve" | "check";
  /** For the import; the whole start may take `reportMs` more. */
  readonly loadMs: number;
}

export interface HandOffOptions {
  host: string;
  port: number;
  /** The pod's UID, as the API server says it. */
  uid: string;
  /** The pool's key, as the pod finds it in its environment. */
  key: string;
  claim: HandOffClaim;
  signal: AbortSignal;
  /** What the runner says on the way: `loaded`, `ready`, `failed`. */
  onMessage?(message: RunnerMessage): void;
}

/**
 * `claimed`, `lost` (its container was started again), `draining`, `invalid` (the claim made no sense to it): the pod's own words.
 * `unreachable`: nothing listened. `unproven`: who answered has not the key or not the UID. `broken`: it went away after the claim.
 */
export type RefusalReason = "claimed" | "lost" | "draining" | "invalid" | "unreachable" | "unproven" | "broken";

/** The pod did not become the app's, for no fault of the app. Before `broken` and `draining` it was given nothing. */
export class HandOffRefused extends Error {
  override readonly name = "HandOffRefused";
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail = "") {
    super(`The pod did not take the app: ${reason}${detail ? ` (${detail})` : ""}`);
    this.reason = reason;
  }
}

/** A pod that was just started listens in a moment: refused connects are tried again after 25 ms, doubling to 500 ms. */
const firstPauseMs = 25;
const longestPauseMs = 500;
/** One attempt, where a packet filter swallows packets instead of refusing them. */
const connectMs = 2_000;
const reachMs = 20_000;
/** A pod proves itself once it is warm, which takes a new one a second or two. */
const proofMs = 20_000;

/**
 * Resolves when the app answers (`serve`) or was loaded (`check`); `readyMs` counts from the claim.
 * @throws LoadFailure for the app's own failures, HandOffRefused for the pod's, the signal's reason when it aborts.
 */
export async function handOff(options: HandOffOptions): Promise<{ report: LoadReport; readyMs: number }> {
  const { signal } = options;
  const socket = await reach(options);
  const abort = () => socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  const lines = readLines(socket);
  try {
    signal.throwIfAborted();
    await prove(options, socket, lines);
    const started = performance.now();
    const report = await awaitReport(options, lines);
    return { report, readyMs: performance.now() - started };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

async function reach({ host, port, signal }: HandOffOptions): Promise<Socket> {
  const deadline = performance.now() + reachMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    signal.throwIfAborted();
    try {
      return await dial(host, port, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() + pauseMs > deadline) throw new HandOffRefused("unreachable", (error as Error).message);
    }
    await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      act();
    };
    const fail = (error: Error) =>
      settle(() => {
        socket.destroy();
        reject(error);
      });
    const abort = () => fail(signal.reason as Error);
    const timer = setTimeout(() => fail(new Error(`no answer within ${connectMs} ms`)), connectMs);
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      settle(() => resolve(socket));
    });
  });
}

interface Lines {
  /** The next line; null at the end, or after `timeoutMs`. */
  next(timeoutMs: number): Promise<string | null>;
}

function readLines(socket: Socket): Lines {
  const waiting: string[] = [];
  let ended = false;
  let wake = () => {};
  const reader = createLineReader((line) => {
    waiting.push(line);
    wake();
  }, longestMessageBytes);
  const end = () => {
    ended = true;
    wake();
  };
  // What went wrong on the way is no more than an end: the pod's own words, if any, came before.
  socket
    .on("data", (chunk: Buffer) => reader.push(chunk))
    .on("error", end)
    .on("close", end)
    .on("end", end);
  return {
    async next(timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      while (waiting.length === 0 && !ended) {
        const left = deadline - performance.now();
        if (left <= 0) return null;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return waiting.shift() ?? null;
    },
  };
}

const proofSchema = z.object({ type: z.literal("proof"), nonce: z.string().regex(/^[0-9a-f]{64}$/), mac: z.string() });
const refusedSchema = z.object({
  type: z.literal("refused"),
  reason: z.enum(["claimed", "lost", "draining", "invalid"]),
  message: z.string().optional(),
});
const endedSchema = z.object({
  type: z.literal("ended"),
  kind: z.enum(["exit", "signal", "memory"]),
  code: z.number().int().nullable(),
  signal: z.string().nullable(),
  peakMiB: z.number().nullable(),
  limitMiB: z.number().nullable(),
  lastWords: z.string(),
});

/** Sends the claim to a pod that has proven that it is the one with `uid`. */
async function prove({ uid, key, claim }: HandOffOptions, socket: Socket, lines: Lines): Promise<void> {
  const ours = randomBytes(32).toString("hex");
  socket.write(`${JSON.stringify({ type: "hello", nonce: ours })}\n`);
  const line = await lines.next(proofMs);
  throwIfRefused(line);
  const proof = parse(proofSchema, line);
  if (proof === null) throw new HandOffRefused("unproven", line === null ? "it said nothing" : "it does not speak this protocol");
  if (!isMac(proof.mac, sign(key, `fp-pod|${uid}|${ours}|${proof.nonce}`))) throw new HandOffRefused("unproven", "another pod answered");
  const payload = JSON.stringify(claim);
  const hash = createHash("sha256").update(payload).digest("hex");
  const mac = sign(key, `fp-platform|${uid}|${proof.nonce}|${ours}|${hash}`);
  socket.write(`${JSON.stringify({ type: "claim", mac, payload })}\n`);
}

/** What comes of the claim. Lines that make no sense are left out: past the claim, the pod holds user code. */
async function awaitReport({ claim, onMessage }: HandOffOptions, lines: Lines): Promise<LoadReport> {
  const timeoutMs = claim.loadMs + reportMs;
  const deadline = performance.now() + timeoutMs;
  let report: LoadReport | null = null;
  for (;;) {
    const line = await lines.next(deadline - performance.now());
    if (line === null && performance.now() >= deadline) throw new LoadFailure(toTimeout(timeoutMs, report !== null), report);
    if (line === null) throw new HandOffRefused("broken");
    throwIfRefused(line);
    throwIfEnded(line, report);
    const message = parseRunnerMessage(line);
    if (message === null) continue;
    onMessage?.(message);
    if (message.type === "failed") throw new LoadFailure(message.error, message.report ?? report);
    if (message.type === "loaded") report ??= message.report;
    if (report && (message.type === "ready" || claim.mode === "check")) return report;
  }
}

function throwIfRefused(line: string | null): void {
  const refused = parse(refusedSchema, line);
  if (refused) throw new HandOffRefused(refused.reason, refused.message);
}

/** The runner is no more, and did not say why: its init does. */
function throwIfEnded(line: string, report: LoadReport | null): void {
  const ended = parse(endedSchema, line);
  if (!ended) return;
  const { kind, code, signal, peakMiB, limitMiB, lastWords } = ended;
  const memory = { kills: 1, peakBytes: (peakMiB ?? limitMiB ?? 0) * 1_048_576, limitBytes: (limitMiB ?? peakMiB ?? 0) * 1_048_576 };
  const exit = { code, signal: signal as NodeJS.Signals | null, memory: kind === "memory" ? memory : null };
  throw new LoadFailure(exitToLoadError(exit, lastWords), report);
}

function parse<T>(schema: z.ZodType<T>, line: string | null): T | null {
  try {
    return line === null ? null : (schema.safeParse(JSON.parse(line)).data ?? null);
  } catch {
    return null;
  }
}

const sign = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("hex");

/** In a time that says nothing of how much was right. */
function isMac(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}
