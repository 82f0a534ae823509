/** What connects the platform to one instance: the line to its init, the line to its runner, and what the app prints. */
import { constants } from "node:os";
import type { Socket } from "node:net";
import { z } from "zod";
import type { Birth } from "./births.ts";
import { createControlReader } from "../control-reader.ts";
import { createLineRate, createLineReader, createReadPace, longestLineBytes } from "../lines.ts";
import type { PlatformMessage, RunnerMessage } from "../protocol.ts";
import type { RuntimeCounts } from "../runtime.ts";

/** stderr kept to explain a runner that ended before its app answered. */
const lastWordsBytes = 8 * 1024;
/** Between the end of the process and the last of its output, which a stray child may hold open. */
const outputGraceMs = 500;

export type OutputStream = "stdout" | "stderr";

/** How an instance ended. `failure`: its init could not make it. */
interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  failure: string | null;
}

const lifeSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("failed"), message: z.string() }),
  z.object({ type: z.literal("exit"), code: z.number().int().nullable(), signal: z.number().int().nullable() }),
]);
// Reversed, since some have two names and the first is the usual one: SIGABRT, not SIGIOT.
const signalNames = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name as NodeJS.Signals]),
);

/** The init's lifeline: closed when the instance is no more, by whatever ended it. */
export function createLife() {
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  // An init that says nothing was killed with all it held.
  let ending: Ending = { code: null, signal: "SIGKILL", failure: null };
  let pid: number | null = null;
  let over = false;
  let doomed = false;
  const finish = () => {
    over = true;
    resolve(ending);
  };
  const reader = createLineReader((line) => {
    const message = parseLife(line);
    if (message?.type === "failed") ending = { code: 1, signal: null, failure: message.message };
    else if (message) ending = { code: message.code, signal: toSignal(message.signal), failure: null };
  });
  const kill = () => {
    doomed = true;
    if (pid === null || over) return;
    // The group too: without a PID namespace the init's end is not yet the runner's.
    for (const target of [-pid, pid]) {
      try {
        process.kill(target, "SIGKILL");
      } catch {
        // It has ended, or is no group yet.
      }
    }
  };
  return {
    ended,
    kill,
    get pid() {
      return pid;
    },
    fail: (message: string) => {
      ending = { code: null, signal: null, failure: message };
      finish();
    },
    attach: (birth: Birth) => {
      const { lifeline } = birth.channels;
      pid = birth.pid;
      lifeline.on("data", (chunk: Buffer) => reader.push(chunk));
      lifeline.on("close", () => {
        reader.end();
        finish();
      });
      lifeline.resume();
      if (doomed) kill();
    },
  };
}

function parseLife(line: string): z.infer<typeof lifeSchema> | null {
  try {
    return lifeSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

const toSignal = (number: number | null) => (number === null ? null : (signalNames.get(number) ?? "SIGKILL"));

/** The runner's line: messages of ours out, messages that fit our schema in, the rest noted in the app's log by `onNote`. */
export function createControl(counts: RuntimeCounts, onNote: (text: string) => void) {
  const listeners: ((message: RunnerMessage) => void)[] = [];
  let channel: Socket | null = null;
  const reader = createControlReader({
    onMessage: (message) => listeners.forEach((listener) => listener(message)),
    onNote,
    counts,
  });
  return {
    on: (listener: (message: RunnerMessage) => void) => void listeners.push(listener),
    attach: (socket: Socket) => {
      channel = socket;
      socket.on("data", (chunk: Buffer) => rest(socket, reader.push(chunk)));
      socket.resume();
    },
    send: (message: PlatformMessage) => {
      if (channel?.writable) channel.write(`${JSON.stringify(message)}\n`);
    },
    close: () => {
      reader.end();
      channel?.destroy();
    },
  };
}

/** Leaves what comes in the socket for so long: who writes too fast waits. */
function rest(socket: Socket, ms: number): void {
  if (ms <= 0) return;
  socket.pause();
  setTimeout(() => socket.resume(), ms).unref();
}

/** What the app prints, in lines, bounded in rate. */
export function createOutput(counts: RuntimeCounts) {
  const open = new Set<Socket>();
  const readers: { end(): void }[] = [];
  const listeners: ((stream: OutputStream | "platform", text: string) => void)[] = [];
  const rate = createLineRate();
  let words: Buffer = Buffer.alloc(0);
  let ended = false;
  let whenClosed: (() => void) | undefined;
  const tell = (stream: OutputStream | "platform", text: string) => listeners.forEach((listener) => listener(stream, text));
  const noteDropped = () => {
    const dropped = rate.takeDropped();
    if (dropped === 0) return;
    counts.limited("log_lines", dropped);
    tell(
      "platform",
      `${dropped} ${dropped === 1 ? "line was" : "lines were"} left out: the app writes more than 500 lines or 256 KiB a second`,
    );
  };
  const read = (stream: OutputStream, source: Socket) => {
    let now = 0;
    const show = (text: string) => {
      noteDropped();
      tell(stream, text);
    };
    const reader = createLineReader(show, longestLineBytes, (bytes) => !ended && rate.admit(bytes, now));
    const pace = createReadPace();
    source.on("data", (chunk: Buffer) => {
      now = performance.now();
      // Also of lines that the log leaves out: why an app ended stands in the last of them.
      if (stream === "stderr") words = Buffer.concat([words, chunk.subarray(-lastWordsBytes)]).subarray(-lastWordsBytes);
      rest(source, pace.charge(chunk.length, reader.push(chunk), now));
    });
    open.add(source);
    source.on("close", () => {
      open.delete(source);
      if (open.size === 0) whenClosed?.();
    });
    readers.push(reader);
    source.resume();
  };
  return {
    onLine: (listener: (stream: OutputStream | "platform", text: string) => void) => void listeners.push(listener),
    lastWords: () => words.toString("utf8").trimEnd(),
    /** A line of the platform's own. */
    tell: (text: string) => tell("platform", text),
    /** What a warm runner wrote is not the app's. */
    clear: () => void (words = Buffer.alloc(0)),
    note: (text: string) => void (words = Buffer.concat([words, Buffer.from(`${text}\n`)])),
    attach: ({ stdout, stderr }: Birth["channels"]) => {
      read("stdout", stdout);
      read("stderr", stderr);
    },
    /** Reads what is still to be read; nothing is told after it. */
    finish: async () => {
      if (open.size > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        whenClosed = resolve;
        const timer = setTimeout(resolve, outputGraceMs);
        await promise;
        clearTimeout(timer);
      }
      for (const source of open) source.destroy();
      for (const reader of readers) reader.end();
      noteDropped();
      ended = true;
    },
  };
}
