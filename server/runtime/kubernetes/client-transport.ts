/**
 * HTTP to the API server: kept-alive connections, deadlines, one more try where that is safe. Plain `node:https`, since the client
 * library costs each process a second and 82 MB for what is used here (measured; its typed calls also copy each object twice).
 */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterAddress } from "./client-credentials.ts";
import { toTimeout, toUnreachable } from "./client-errors.ts";

export interface Request {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
  /** Asking twice is as good as once. */
  idempotent: boolean;
}

export interface Transport {
  /** The whole answer, whatever its status. @throws AppError `runtime_unavailable`, or the signal's reason. */
  send(request: Request): Promise<{ status: number; body: string }>;
  /** An answer that goes on: the deadline is for its beginning. */
  open(request: Request): Promise<IncomingMessage>;
  close(): void;
}

/** Below the API server's own (90 s): it is we who give an idle connection up, never it while a request is on its way. */
const idleConnectionMs = 45_000;
/** As many calls at once; a storm's others wait here instead of in the API server's queues. Streams have connections of their own. */
const callsAtOnce = 32;
const busyPauseMs = 250;
/** A server that lists the largest namespace answers with some 50 MB; more is not the API server. */
const answerBytesMost = 256 * 1_048_576;

export function createTransport(address: ClusterAddress, deadlineMs: number): Transport {
  const { server, tls } = address;
  const secure = server.protocol === "https:";
  const makeAgent = (maxSockets: number) =>
    secure
      ? new https.Agent({ ...tls, keepAlive: true, maxSockets, timeout: idleConnectionMs, scheduling: "lifo" })
      : new http.Agent({ keepAlive: true, maxSockets, timeout: idleConnectionMs, scheduling: "lifo" });
  const calls = makeAgent(callsAtOnce);
  const streams = makeAgent(Infinity);

  const begin = async (request: Request, agent: http.Agent, signal: AbortSignal): Promise<IncomingMessage> => {
    const authorization = await address.authorization();
    signal.throwIfAborted();
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const options: https.RequestOptions = {
      hostname: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port || (secure ? 443 : 80),
      path: `${server.pathname.replace(/\/$/, "")}${request.path}${toQuery(request.query)}`,
      method: request.method,
      agent,
      signal,
      headers: {
        accept: "application/json",
        "user-agent": "fastapi-platform",
        ...(authorization === null ? {} : { authorization }),
        ...(body && { "content-type": request.contentType ?? "application/json", "content-length": body.length }),
      },
    };
    return new Promise((resolve, reject) => {
      const call = (secure ? https : http).request(options, resolve);
      call.once("error", (error) => reject(Object.assign(error, { stale: call.reusedSocket })));
      call.end(body);
    });
  };

  /** Runs `attempt` until the deadline, and names what went wrong. */
  const within = async <Result>(request: Request, attempt: (signal: AbortSignal) => Promise<Result>): Promise<Result> => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    const signal = request.signal ? AbortSignal.any([deadline.signal, request.signal]) : deadline.signal;
    try {
      return await attempt(signal).catch(async (error: NodeJS.ErrnoException & { stale?: boolean }) => {
        // The server closed a kept connection at the moment it was used: it has not seen the request, or may see it twice.
        if (signal.aborted || !error.stale || !request.idempotent) throw error;
        return attempt(signal);
      });
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw deadline.signal.aborted ? toTimeout(deadlineMs) : toUnreachable(error);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    send: (request) =>
      within(request, async (signal) => {
        for (;;) {
          const response = await begin(request, calls, signal);
          const answer = { status: response.statusCode ?? 0, body: await readAll(response) };
          if (answer.status !== 429) return answer;
          // Turned away unread: the API server says when to come again.
          const pauseMs = Number(response.headers["retry-after"] ?? 0) * 1_000 || busyPauseMs;
          await delay(pauseMs, undefined, { signal });
        }
      }),
    open: (request) => within(request, (signal) => begin(request, streams, signal)),
    close() {
      calls.destroy();
      streams.destroy();
    },
  };
}

function toQuery(query: Request["query"]): string {
  const entries = Object.entries(query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return entries.length === 0 ? "" : `?${new URLSearchParams(entries)}`;
}

/** The whole body as text. @throws when it breaks off, or is larger than any answer of an API server. */
export async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMost) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export interface LineOptions {
  /** Nothing at all for so long is a connection that nobody holds any more; 0: it may be silent. */
  idleMs: number;
  /** Longer lines are cut. */
  mostBytes: number;
}

/** The lines of a body, without their ends. Ends with it; a connection that breaks off throws. Leaving the loop closes it. */
export async function* readLines(response: IncomingMessage, { idleMs, mostBytes }: LineOptions): AsyncGenerator<string> {
  const timer = idleMs > 0 ? setTimeout(() => response.destroy(new Error("nothing came")), idleMs) : null;
  let parts: Buffer[] = [];
  let held = 0;
  const keep = (part: Buffer): void => {
    const room = mostBytes - held;
    if (room <= 0 || part.length === 0) return;
    parts.push(part.length > room ? part.subarray(0, room) : part);
    held += Math.min(part.length, room);
  };
  const take = (): string => {
    const line = Buffer.concat(parts).toString("utf8");
    parts = [];
    held = 0;
    return line;
  };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      timer?.refresh();
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, end));
        from = end + 1;
        yield take();
      }
      keep(chunk.subarray(from));
    }
    if (held > 0) yield take();
  } finally {
    if (timer) clearTimeout(timer);
    response.destroy();
  }
}
