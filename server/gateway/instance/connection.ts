import { connect } from "node:net";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { toFieldLines } from "#server/http/response-head.ts";
import type { Endpoint } from "#server/runtime/runtime.ts";
import type { Chunk } from "../visitor/caller.ts";
import { findHeader } from "../headers.ts";
import { ResponseParser } from "./response-parser.ts";
import type { AnswerProblem, AnswerSink } from "./response-parser.ts";

/** A request as an instance gets it. Its parts were checked: they hold nothing that ends a line. */
export interface OutgoingRequest {
  method: string;
  /** Origin form. */
  target: string;
  /** Flat; a body whose length is not among them goes out in chunks. */
  headers: readonly string[];
  hasBody: boolean;
  /** The body for this connection, once it stands. */
  openBody(): Readable | Buffer | null;
  /** How long the answer may take to begin once the request is out, in ms. */
  answerTimeoutMs: number;
}

export type Failure =
  /** No connection was made: the instance knows nothing of the request. */
  | "unreached"
  /** A kept connection that its other side had closed meanwhile, the usual race: most likely it was not read. */
  | "stale"
  | "timeout"
  | AnswerProblem;

/** Who asked, while the answer comes. */
export interface Exchange extends Omit<AnswerSink, "onBody"> {
  onBody(chunk: Chunk): void;
  /** Nothing more is there to be read now: what was given so far should not be held back. */
  onPause(): void;
  onEnd(trailers: readonly string[]): void;
  /** Called at most once, and neither with nor after `onEnd`. */
  onFailed(failure: Failure): void;
}

/**
 * One buffer for all connections: node reads into it, and its bytes are passed on before anything else is read. Node would
 * otherwise set 64 KiB aside for each read, of which a small answer needs a hundred bytes.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** Up to this size a chunk is text, which joins the head of its answer for the price of a copy; a second write costs more. */
const MAX_TEXT_BYTES = 8_192;

/** How long making a connection may take. */
const CONNECT_MS = 5_000;

export interface ConnectionEvents {
  /** ms, as of the last look: asking the system for each request would cost more than it is worth. */
  readonly now: number;
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** One connection to an instance, with one exchange at a time. */
export class Connection {
  readonly #events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;
  #exchange: Exchange | null = null;
  #request: OutgoingRequest | null = null;
  #connected = false;
  /** Answers that were read whole. */
  #answers = 0;
  /** Something of the current answer was read. */
  #begun = false;
  /** The request's body is still on its way. */
  #sending: Readable | null = null;
  #outlives = false;
  #paused = false;
  /** When something must have happened, as `ConnectionEvents.now` counts; 0 for nothing. */
  #deadline = 0;
  #idleSince = 0;

  constructor(endpoint: Endpoint, events: ConnectionEvents) {
    this.#events = events;
    this.#parser = new ResponseParser({
      onInformation: (status, headers) => this.#exchange?.onInformation(status, headers),
      onHead: (status, message, headers) => {
        this.#deadline = 0;
        this.#exchange?.onHead(status, message, headers);
      },
      onBody: (bytes, start, end) => this.#exchange?.onBody(toChunk(bytes, start, end)),
    });
    const onread = { buffer: readBuffer, callback: (length: number, buffer: Uint8Array) => this.#onRead(length, buffer as Buffer) };
    this.#socket =
      "socketPath" in endpoint
        ? connect({ path: endpoint.socketPath, onread })
        : connect({ host: endpoint.host, port: endpoint.port, noDelay: true, onread });
    this.#socket.on("connect", () => this.#onConnect());
    this.#socket.on("end", () => this.#onEnd());
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#onError(error));
    this.#socket.on("close", () => this.#onClose());
    this.#deadline = this.#events.now + CONNECT_MS;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  /** Sends a request. There must be none under way. */
  send(request: OutgoingRequest, exchange: Exchange): void {
    this.#exchange = exchange;
    this.#request = request;
    this.#begun = false;
    this.#parser.begin(request.method);
    if (this.#connected) this.#write(request);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Ends the connection and tells the exchange nothing. */
  abort(): void {
    this.#exchange = null;
    this.#end();
  }

  /** Ends the connection; an exchange under way learns that it was cut. */
  close(): void {
    this.#fail("cut");
  }

  /** Looks at the clock, for timers of their own would cost each request more than this costs all of them. */
  checkTime(now: number, idleMs: number): void {
    if (this.#exchange === null) {
      if (this.#connected && now - this.#idleSince >= idleMs) this.#end();
    } else if (this.#deadline > 0 && now >= this.#deadline) this.#fail(this.#connected ? "timeout" : "unreached");
  }

  #onConnect(): void {
    this.#connected = true;
    this.#deadline = 0;
    if (this.#request !== null) this.#write(this.#request);
  }

  #write(request: OutgoingRequest): void {
    const { headers } = request;
    const socket = this.#socket;
    const head = `${request.method} ${request.target} HTTP/1.1\r\n${toFieldLines(headers)}`;
    const body = request.hasBody ? request.openBody() : null;
    if (body === null) {
      socket.write(`${head}\r\n`, "latin1");
      this.#awaitAnswer(request);
    } else if (Buffer.isBuffer(body)) {
      socket.cork();
      socket.write(`${head}content-length: ${body.length}\r\n\r\n`, "latin1");
      socket.write(body);
      socket.uncork();
      this.#awaitAnswer(request);
    } else {
      const counted = findHeader(headers, "content-length") !== undefined;
      socket.write(counted ? `${head}\r\n` : `${head}transfer-encoding: chunked\r\n\r\n`, "latin1");
      this.#sendBody(request, body, counted);
    }
  }

  #sendBody(request: OutgoingRequest, body: Readable, counted: boolean): void {
    const socket = this.#socket;
    this.#sending = body;
    if (!this.#outlives) outliveFailedWrites(socket);
    this.#outlives = true;
    body.on("data", (chunk: Buffer) => {
      if (chunk.length === 0 || this.#sending !== body) return;
      let room: boolean;
      if (counted) room = socket.write(chunk);
      else {
        socket.cork();
        socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
        socket.write(chunk);
        room = socket.write("\r\n", "latin1");
        socket.uncork();
      }
      if (!room) body.pause();
    });
    body.on("end", () => {
      if (this.#sending !== body) return;
      this.#sending = null;
      if (!counted) socket.write("0\r\n\r\n", "latin1");
      this.#awaitAnswer(request);
    });
    body.on("error", () => this.#fail("cut"));
    if (socket.listenerCount("drain") === 0) socket.on("drain", () => this.#sending?.resume());
  }

  #awaitAnswer(request: OutgoingRequest): void {
    if (!this.#begun) this.#deadline = this.#events.now + request.answerTimeoutMs;
  }

  #onRead(length: number, buffer: Buffer): boolean {
    const exchange = this.#exchange;
    if (exchange === null) {
      // Nobody asked.
      this.#end();
      return true;
    }
    this.#begun = true;
    const problem = this.#parser.execute(buffer, length);
    // Aborted by what it was given.
    if (this.#exchange !== exchange) return true;
    if (problem !== null) this.#fail(problem);
    else if (this.#parser.done) this.#complete(exchange);
    else exchange.onPause();
    return true;
  }

  /** The answer is whole. */
  #complete(exchange: Exchange): void {
    const { trailers, reusable } = this.#parser;
    this.#answers += 1;
    this.#exchange = null;
    this.#request = null;
    this.#deadline = 0;
    // An app that answers before it has read a body leaves the rest of it on the connection.
    if (this.#sending !== null || !reusable || this.#socket.destroyed) this.#end();
    else {
      // The last piece of the answer may have been one too many for its caller.
      this.resume();
      this.#idleSince = this.#events.now;
      this.#events.onIdle(this);
    }
    exchange.onEnd(trailers);
  }

  #onEnd(): void {
    const exchange = this.#exchange;
    if (exchange === null) return this.#end();
    const problem = this.#parser.finish();
    if (problem === null && this.#parser.done) this.#complete(exchange);
    else this.#fail(problem ?? "cut");
  }

  #onError({ code }: NodeJS.ErrnoException): void {
    const lost = code === "EPIPE" || code === "ECONNRESET";
    this.#fail(this.#connected ? (lost && !this.#begun ? "stale" : "cut") : "unreached");
  }

  #onClose(): void {
    this.#fail(this.#connected ? "cut" : "unreached");
    this.#events.onClosed(this);
  }

  #fail(failure: Failure): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#end();
    // A connection that carried an answer before and now ends without a byte was being closed when the request was written on it.
    exchange?.onFailed(failure === "cut" && !this.#begun && this.#answers > 0 ? "stale" : failure);
  }

  #end(): void {
    this.#request = null;
    this.#deadline = 0;
    this.#parser.stop();
    this.#sending?.destroy();
    this.#sending = null;
    this.#socket.destroy();
  }
}

/** A copy of what lies in the buffer that the next read overwrites. */
function toChunk(bytes: Buffer, start: number, end: number): Chunk {
  return end - start <= MAX_TEXT_BYTES ? bytes.toString("latin1", start, end) : Buffer.from(bytes.subarray(start, end));
}

/**
 * An app may answer (413, 401) and close before it has read all of a body. Node ends a socket on the first write that fails then,
 * and the answer that lies ready to be read is lost. Here such a write counts as done: the reading side tells how it ended.
 */
function outliveFailedWrites(socket: Socket): void {
  const forgiving =
    (callback: (error?: Error | null) => void) =>
    (error?: Error | null): void => {
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
      callback(code === "EPIPE" || code === "ECONNRESET" ? null : error);
    };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, callback) => write(chunk, encoding, forgiving(callback));
  if (writev !== undefined) socket._writev = (chunks, callback) => writev(chunks, forgiving(callback));
}
