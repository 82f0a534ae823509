/**
 * What apps print on the cluster: each of an app's pods is followed from its claim to its end, and over restarts of its container.
 * Guarantees: lines keep their pod's order and time; a flood is bounded as on one machine; what broke off is resumed where it was.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { RuntimeCounts, RuntimeEvent } from "../runtime.ts";
import { createControlReader } from "../control-reader.ts";
import { createLineRate } from "../lines.ts";
import type { PodView } from "./app-view.ts";

/** The runner's init marks what is not plain output with it (`runner/fp_runner`), and takes it away from what the app prints. */
const mark = "\x1e";
const noteEveryMs = 1_000;
const resumeAfterMs = 1_000;

export interface LogFollowerOptions {
  /** Lines of a pod with the kubelet's time before each, as the API server gives them with `timestamps`; ends with the container. */
  read(pod: string, since: Date | null, signal: AbortSignal): AsyncIterable<string>;
  /** The pod as it is now; null when it is gone. */
  find(pod: PodView): PodView | null;
  publish(event: RuntimeEvent): void;
  counts: RuntimeCounts;
  /** The time of the pod's last line that was kept, by its node's clock, which others may not share: what came before is not told twice. */
  lastLineAt(appId: string, instanceId: string): Promise<Date | null>;
  logger: { warn(message: string): void };
}

export interface LogFollower {
  /** Begins with pods that are new and have begun to run. Those that are gone end by themselves. */
  follow(pods: readonly PodView[]): void;
  /** Ends all at once. */
  stop(): void;
}

export function createLogFollower(options: LogFollowerOptions): LogFollower {
  const following = new Map<string, AbortController>();
  const run = async (pod: PodView, appId: string, signal: AbortSignal): Promise<void> => {
    const sink = createSink(appId, pod.name, options);
    let since = await options.lastLineAt(appId, pod.name).catch(() => null);
    try {
      while (!signal.aborted) {
        try {
          const from = since;
          for await (const raw of options.read(pod.name, from, signal)) {
            const line = parseLine(raw);
            // The API's `sinceTime` is of whole seconds: lines of the same second would come again.
            if (line === null || (from !== null && line.at <= from)) continue;
            sink.take(line);
            since = line.at;
          }
          // Its container ended: either the pod goes with it, or the next one begins in its place.
        } catch (error) {
          if (signal.aborted) return;
          options.logger.warn(`The log of ${pod.name} broke off and is taken up again: ${(error as Error).message}`);
        }
        if (options.find(pod) === null) return;
        // What ended and is deleted has nothing to say any more, and each reading is work for its node.
        let now: PodView | null;
        do {
          await delay(resumeAfterMs, undefined, { signal, ref: false }).catch(() => undefined);
          if (signal.aborted) return;
          now = options.find(pod);
          if (now === null) return;
        } while (now.deleting && now.ended !== null);
      }
    } finally {
      sink.end();
    }
  };
  return {
    follow(pods) {
      for (const pod of pods) {
        if (pod.appId === null || pod.state === "warm" || !pod.started || following.has(pod.uid)) continue;
        const abort = new AbortController();
        following.set(pod.uid, abort);
        void run(pod, pod.appId, abort.signal)
          .catch((error: unknown) => options.logger.warn(`The log of ${pod.name} is not followed any more: ${String(error)}`))
          .finally(() => following.get(pod.uid) === abort && following.delete(pod.uid));
      }
    },
    stop() {
      for (const abort of following.values()) abort.abort();
      following.clear();
    },
  };
}

interface Line {
  at: Date;
  text: string;
}

/** `2026-11-21T11:50:52.123456789Z text`. Null: no such line. */
export function parseLine(raw: string): Line | null {
  const space = raw.indexOf(" ");
  const at = new Date(space === -1 ? raw : raw.slice(0, space));
  return Number.isNaN(at.getTime()) ? null : { at, text: space === -1 ? "" : raw.slice(space + 1) };
}

/** Bounds an instance's lines and takes the runner's own messages out of them. */
function createSink(appId: string, instanceId: string, { publish, counts }: LogFollowerOptions): { take(line: Line): void; end(): void } {
  const rate = createLineRate();
  const tell = (stream: "stdout" | "stderr" | "platform", text: string, at = new Date()): void =>
    publish({ type: "log", appId, line: { at, stream, text, instanceId } });
  const control = createControlReader({
    onMessage(message) {
      if (message.type === "exception") publish({ type: "exception", appId, record: message.record });
      if (message.type === "dropped" && message.count > 0)
        tell("platform", `${message.count} exception records were left out: they came faster than they could be stored`);
    },
    onNote: (text) => tell("platform", text),
    counts,
  });
  const noteDropped = (): void => {
    const dropped = rate.takeDropped();
    if (dropped === 0) return;
    counts.limited("log_lines", dropped);
    tell(
      "platform",
      `${dropped} ${dropped === 1 ? "line was" : "lines were"} left out: the app writes more than 500 lines or 256 KiB a second`,
    );
  };
  const timer = setInterval(noteDropped, noteEveryMs).unref();
  return {
    take({ at, text }) {
      if (text.startsWith(`${mark}C`)) control.push(Buffer.from(`${text.slice(2)}\n`));
      else if (rate.admit(Buffer.byteLength(text), performance.now()))
        if (text.startsWith(`${mark}E`)) tell("stderr", text.slice(2), at);
        else tell("stdout", text, at);
    },
    end() {
      clearInterval(timer);
      control.end();
      noteDropped();
    },
  };
}
