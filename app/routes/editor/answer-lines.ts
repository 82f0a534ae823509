/** An app's answer on its way to the page: kept while it may still be whole soon, told line by line once it is a stream. */
import type { ProxyStreamLine } from "#core/contract/request.ts";

/** What has not ended this long after its head is told as it arrives. */
const wholeWithinMs = 1_000;
/** Proxies cut silent connections after 30–60 s. */
const heartbeatMs = 15_000;

interface Head {
  status: number;
  headers: [string, string][];
  latencyMs: number;
  coldStartMs?: number;
}
/** How it ended, as far as a line tells of it. */
type Ended = Pick<Extract<ProxyStreamLine, { type: "end" }>, "latencyMs" | "truncated">;

export interface AnswerLines {
  /** Aborts when the reader has left. */
  signal: AbortSignal;
  onHead(this: void, head: Head): void;
  onBytes(this: void, bytes: Buffer): void;
  /** Resolves once the answer is to be told as it arrives; never for one that was whole before. */
  isSlow: Promise<"slow">;
  /** What came, of an answer that is whole. */
  takeWhole(): Buffer;
  /** The lines: what came until now, then what comes, then how it ended. Memory is bounded by who calls `onBytes`. */
  stream(ended: Promise<Ended>): ReadableStream<Uint8Array>;
}

/** `reader`: aborts when whoever asked is gone. */
export function createAnswerLines(reader: AbortSignal): AnswerLines {
  const left = new AbortController();
  const slow = Promise.withResolvers<"slow">();
  const encoder = new TextEncoder();
  let head: Head | null = null;
  let kept: Buffer[] = [];
  let timer: NodeJS.Timeout | undefined;
  let tell: ((line: ProxyStreamLine) => void) | null = null;
  return {
    signal: AbortSignal.any([reader, left.signal]),
    isSlow: slow.promise,
    onHead(given) {
      head = given;
      if (given.headers.some(([name, value]) => name.toLowerCase() === "content-type" && /^text\/event-stream\b/i.test(value)))
        slow.resolve("slow");
      else timer = setTimeout(() => slow.resolve("slow"), wholeWithinMs).unref();
    },
    onBytes(bytes) {
      if (tell) tell(toBytesLine(bytes));
      else kept.push(bytes);
    },
    takeWhole() {
      clearTimeout(timer);
      return Buffer.concat(kept);
    },
    stream(ended) {
      let heartbeat: NodeJS.Timeout | undefined;
      return new ReadableStream<Uint8Array>({
        start(controller) {
          const write = (text: string) => controller.enqueue(encoder.encode(text));
          tell = (line) => write(`${JSON.stringify(line)}\n`);
          if (head) tell({ type: "head", ...head });
          for (const bytes of kept) tell(toBytesLine(bytes));
          kept = [];
          heartbeat = setInterval(() => write("\n"), heartbeatMs).unref();
          const finish = (end: Ended | null) => {
            clearInterval(heartbeat);
            if (left.signal.aborted) return;
            if (end) tell?.({ type: "end", latencyMs: end.latencyMs, truncated: end.truncated });
            tell = null;
            controller.close();
          };
          // It fails only when its reader left, which needs no words.
          ended.then(finish, () => finish(null));
        },
        cancel() {
          clearInterval(heartbeat);
          tell = null;
          left.abort();
        },
      });
    },
  };
}

const toBytesLine = (bytes: Buffer): ProxyStreamLine => ({ type: "bytes", base64: bytes.toString("base64") });
