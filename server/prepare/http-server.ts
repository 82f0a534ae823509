/** The one HTTP server of the process: what it takes from a connection, and how it takes leave of one. */
import { createServer, ServerResponse, type Server } from "node:http";
import type { Duplex } from "node:stream";

/** A head that takes longer than this is no browser's: slow senders hold a socket and nothing else. */
const headersTimeoutMs = 20_000;
/** Longer than the 60 s after which proxies in front let go of an idle connection, so that they close it and not we under their request. */
const keepAliveMs = 65_000;
/** Node's own 16 KiB, said here because the answer to more (431) is promised. */
const maxHeaderBytes = 16_384;

export interface HttpServerOptions {
  headersTimeoutMs?: number;
}

/**
 * Builds the server. How long a request may take is no affair of it, since uploads may take hours; a request's head must come
 * at once. A caller that has sent all it wants to and closed its side (`nc`, simple scripts) still gets its answer.
 */
export function createHttpServer(options: HttpServerOptions = {}): Server {
  const server = createServer({
    requestTimeout: 0,
    headersTimeout: options.headersTimeoutMs ?? headersTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    connectionsCheckingInterval: Math.min(5_000, options.headersTimeoutMs ?? 5_000),
    // The gateway checks it: node would answer 400 and go on to read the next request of the same connection.
    requireHostHeader: false,
  });
  // Not in node's types: without it a caller's half-close counts as its leaving.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("connection", (socket) => socket.on("end", () => onHalfClosed(socket)));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => onClientError(error, socket));
  return server;
}

/** When a caller that closed its side is asked again whether it is there, in ms; Go's client gives up at the sixth interim answer. */
const askAgainMs = [100, 1_000, 5_000];

/**
 * The other side sends no more: it has left, or waits for its answer with its own side closed; the two look alike until something
 * is sent to it. Before an answer has begun interim ones find out: who is gone answers the first with a reset, which the next one
 * meets, and the request ends. Once an answer has begun a caller that closes is taken to have left.
 */
function onHalfClosed(socket: Duplex): void {
  const answer = currentAnswer(socket);
  if (answer === null || answer.writableEnded) return;
  if (answer.headersSent) socket.destroy();
  else if (answer.req.httpVersionMinor > 0) askWhetherThere(answer, 0);
}

function askWhetherThere(answer: ServerResponse, times: number): void {
  if (answer.headersSent || answer.writableEnded || answer.destroyed) return;
  answer.writeContinue();
  const pauseMs = askAgainMs[times];
  if (pauseMs !== undefined) setTimeout(() => askWhetherThere(answer, times + 1), pauseMs).unref();
}

const statusByError: Record<string, string> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/**
 * What is no HTTP ends its connection. It may stand behind a request that was fine and is being answered: that one gets its
 * answer first, for an error in its place would be taken for its own.
 */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const answer = currentAnswer(socket);
  if (answer !== null && answer.req.complete && !answer.writableEnded && socket.writable) {
    answer.shouldKeepAlive = false;
    answer.once("finish", () => socket.destroy());
    return;
  }
  if (socket.writable && (answer === null || !answer.headersSent)) {
    const status = statusByError[error.code ?? ""] ?? "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  } else socket.destroy();
}

/** The answer that is being written on a connection; node keeps it there for its own handling of the same two events. */
function currentAnswer(socket: Duplex): ServerResponse | null {
  const answer = (socket as { _httpMessage?: unknown })._httpMessage;
  return answer instanceof ServerResponse ? answer : null;
}
