/**
 * What a runner says to the platform, bounded. A runner holds user code, so the line may carry anything: garbage, endless lines, forged
 * reports. Whatever comes, it costs the platform little, reaches no further than its own app, and is noted in that app's log.
 */
import type { RuntimeCounts } from "./runtime.ts";
import { createLineRate, createLineReader, createReadPace } from "./lines.ts";
import { longestMessageBytes, parseRunnerMessage, type RunnerMessage } from "./protocol.ts";

/** Once an app serves, its runner has exceptions to report and nothing else; the longest record in JSON is below this. */
const longestServingBytes = 512 * 1024;
/** 8 MiB at once, for a report of thousands of routes; then 512 KiB a second. */
const paceBytes = 512 * 1024;
const burstBytes = 8 * 1024 * 1024;
/** Messages that are parsed a second, which costs some 40 µs each; 600 at once. More than a runner ever has to say. */
const messagesPerSecond = 60;
const messageBytesPerSecond = 1024 * 1024;
/** Exception records a second; an app that fails faster shows the same ones again. */
const exceptionsPerSecond = 50;
const exceptionBytesPerSecond = 1024 * 1024;
/** A note in the log about what was left out comes at most so often. */
const quietMs = 10_000;

export interface ControlReaderOptions {
  onMessage(message: RunnerMessage): void;
  /** A line for the app's log. */
  onNote(text: string): void;
  counts: Pick<RuntimeCounts, "limited">;
  now?: () => number;
}

export interface ControlReader {
  /** Takes what was read and answers for how many ms nothing should be read; 0 to go on. */
  push(chunk: Buffer): number;
  /** Notes what is still to be said. */
  end(): void;
}

export function createControlReader({ onMessage, onNote, counts, now = () => performance.now() }: ControlReaderOptions): ControlReader {
  const pace = createReadPace(paceBytes, burstBytes);
  const messages = createLineRate(messagesPerSecond, messageBytesPerSecond);
  const exceptions = createLineRate(exceptionsPerSecond, exceptionBytesPerSecond);
  const reports = createLineRate(1, 1_000);
  const notes = { messages: createNotes(onNote), exceptions: createNotes(onNote) };
  let serving = false;

  const refuse = (what: "messages" | "exceptions", words: (count: number) => string): void => {
    counts.limited(what, 1);
    notes[what].add(now(), words);
  };
  const refuseMessage = (): void =>
    refuse("messages", (count) => `What was written to descriptor 3, the platform's own, meant nothing to it (${times(count)})`);
  const take = (line: string): void => {
    const message = serving && line.length > longestServingBytes ? null : parseRunnerMessage(line);
    if (message === null) {
      refuseMessage();
    } else if (message.type === "exception") {
      if (exceptions.admit(line.length, now())) onMessage(message);
      else
        refuse(
          "exceptions",
          (count) => `Exceptions were left out of the requests (${times(count)}): more than ${exceptionsPerSecond} came in a second`,
        );
    } else if (message.type === "dropped") {
      if (reports.admit(1, now())) onMessage(message);
    } else if (!serving) {
      // What an app says of its start counts once.
      serving = message.type === "ready" || message.type === "failed";
      onMessage(message);
    }
  };
  const admit = (bytes: number): boolean => {
    if (messages.admit(bytes, now())) return true;
    refuseMessage();
    return false;
  };
  const reader = createLineReader(take, longestMessageBytes, admit);
  return {
    push: (chunk) => {
      const lines = reader.push(chunk);
      return pace.charge(chunk.length, lines, now());
    },
    end: () => {
      notes.messages.last();
      notes.exceptions.last();
    },
  };
}

const times = (count: number) => (count === 1 ? "once" : `${count} times`);

/** Collects a count and notes it at most every `quietMs`; `last` notes what is left. */
function createNotes(onNote: (text: string) => void) {
  let count = 0;
  let notedAt = -Infinity;
  let words: (count: number) => string = () => "";
  const note = (): void => {
    if (count > 0) onNote(words(count));
    count = 0;
  };
  return {
    add: (at: number, wording: (count: number) => string): void => {
      count += 1;
      words = wording;
      if (at - notedAt < quietMs) return;
      notedAt = at;
      note();
    },
    last: note,
  };
}
