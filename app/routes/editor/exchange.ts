/** Sends a test request and follows its answer: whole, or piece by piece while the app writes it. The one place in the page that does. */
import { proxyAnswerSchema, proxyStreamLineSchema, type ProxyAnswer, type ProxyRequest } from "#core/contract/request.ts";
import { sizeOf } from "./answer-body.ts";
import { ask, toAnswer, wordsOf } from "./call.ts";
import { toBase64 } from "./request-bodies.ts";

/** An answer on its way. */
export interface Arriving {
  status: number;
  headers: [string, string][];
  latencyMs: number;
  coldStartMs?: number;
}

export interface Watcher {
  /** When the request was sent, in ms by the server's clock. */
  onSent(this: void, at: number): void;
  onHead(this: void, head: Arriving): void;
  onText(this: void, text: string): void;
}

export type Outcome = { ok: true; answer: ProxyAnswer; sizeBytes: number } | { ok: false; message: string };

/** Resolves with what came, also when `signal` ends a stream that had begun: `truncated` says so. Never rejects. */
export async function exchange(slug: string, request: ProxyRequest, watcher: Watcher, signal: AbortSignal): Promise<Outcome> {
  const sentAt = Date.now();
  const response = await ask(`/apps/${slug}/edit/send`, request, signal);
  if (!(response instanceof Response)) return { ok: false, message: wordsOf(response.problem) };
  watcher.onSent(toServerTime(sentAt, Date.now(), response.headers.get("date")));
  if (response.headers.get("content-type")?.startsWith("application/x-ndjson") && response.body !== null)
    return follow(response.body, watcher);
  const reply = await toAnswer<unknown>(response);
  if (!reply.ok) return { ok: false, message: wordsOf(reply.problem) };
  const answer = proxyAnswerSchema.safeParse(reply.value);
  if (!answer.success) return { ok: false, message: "The answer could not be read." };
  return { ok: true, answer: answer.data, sizeBytes: sizeOf(answer.data) };
}

/** `sentAt` by the clock that wrote `date`, a header of whole seconds; clocks that agree as far as it can tell are taken for the same. */
export function toServerTime(sentAt: number, now: number, date: string | null): number {
  const ahead = date === null ? 0 : Date.parse(date) - now;
  return Number.isNaN(ahead) || Math.abs(ahead) < 1_500 ? sentAt : sentAt + ahead;
}

/** The answer that the lines of a stream tell of, whole in the end. */
async function follow(stream: ReadableStream<Uint8Array<ArrayBuffer>>, watcher: Watcher): Promise<Outcome> {
  const decoder = new TextDecoder();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let head: Arriving | null = null;
  let end: { latencyMs: number; truncated: boolean } | null = null;
  const startedAt = performance.now();
  try {
    for await (const line of linesOf(stream)) {
      if (line === "") continue;
      const told = proxyStreamLineSchema.parse(JSON.parse(line));
      if (told.type === "head") watcher.onHead((head = told));
      else if (told.type === "bytes") {
        const bytes = Uint8Array.from(atob(told.base64), (each) => each.charCodeAt(0));
        pieces.push(bytes);
        watcher.onText(decoder.decode(bytes, { stream: true }));
      } else end = told;
    }
  } catch {
    // Stopped, or the line broke: what came is there.
  }
  if (head === null) return { ok: false, message: "The answer was cut off before it began. Send the request again." };
  const { status, headers, coldStartMs } = head;
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const answer: ProxyAnswer = {
    status,
    headers,
    latencyMs: end?.latencyMs ?? head.latencyMs + performance.now() - startedAt,
    ...(coldStartMs === undefined ? {} : { coldStartMs }),
    truncated: end?.truncated ?? true,
    ...toBody(bytes),
  };
  return { ok: true, answer, sizeBytes: bytes.length };
}

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

function toBody(bytes: Uint8Array): Pick<ProxyAnswer, "body" | "bodyEncoding"> {
  try {
    // It may have been cut in a letter.
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true }), bodyEncoding: "utf8" };
  } catch {
    return { body: toBase64(bytes), bodyEncoding: "base64" };
  }
}
