import { Readable } from "node:stream";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { GatewayAnswer } from "./refusal.ts";

/** Who asked, as a delivery sees them: a visitor's connection, or the platform itself. */
export interface Caller {
  readonly method: string;
  /** Origin form: begins with `/`. */
  readonly target: string;
  readonly wantsHtml: boolean;
  /** A browser's GET navigation, which may be given a page that asks again. */
  readonly isNavigation: boolean;
  readonly hasBody: boolean;
  /** Body bytes that were taken from the caller so far. */
  bytesIn(): number;
  /** The body for one attempt; asked for again only while none of it was taken. Null without a body. */
  openBody(): Readable | Buffer | null;
  /** Begins the answer. May throw for what HTTP cannot carry. */
  begin(status: number, message: string | undefined, headers: string[]): void;
  /** @returns false when the caller is to be given time until `onDrain`. */
  write(chunk: Buffer): boolean;
  onDrain(resume: () => void): void;
  end(): void;
  /** Cuts the answer short in a way that the caller can tell from its end. */
  fail(): void;
  refuse(answer: GatewayAnswer): void;
}

/** How long the rest of a body that nobody wants is read after the answer, so that the answer is not lost in a reset. */
const LINGER_MS = 5_000;

/** A visitor's request. */
export class HttpCaller implements Caller {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly method: string;
  readonly target: string;
  readonly hasBody: boolean;
  #sendContinue: boolean;
  #bytesIn = 0;
  #written = false;
  #resume: (() => void) | null = null;

  constructor(req: IncomingMessage, res: ServerResponse, target: string, sendContinue: boolean) {
    this.#req = req;
    this.#res = res;
    this.method = req.method ?? "GET";
    this.target = target;
    this.#sendContinue = sendContinue;
    const length = req.headers["content-length"];
    this.hasBody = req.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
  }

  get wantsHtml(): boolean {
    return acceptsHtml(this.#req);
  }

  get isNavigation(): boolean {
    if (this.method !== "GET") return false;
    const mode = this.#req.headers["sec-fetch-mode"];
    return mode === undefined ? this.wantsHtml : mode === "navigate";
  }

  bytesIn(): number {
    return this.#bytesIn;
  }

  openBody(): Readable | null {
    if (!this.hasBody) return null;
    return new BodyReader(
      this.#req,
      (bytes) => {
        this.#bytesIn += bytes;
      },
      () => {
        if (!this.#sendContinue) return;
        this.#sendContinue = false;
        this.#res.writeContinue();
      },
    );
  }

  begin(status: number, message: string | undefined, headers: string[]): void {
    const res = this.#res;
    // The app's own Date stands; where it sent none, none is added.
    res.sendDate = false;
    if (message) res.writeHead(status, message, headers);
    else res.writeHead(status, headers);
    // A head that no body follows at once (a stream of events) is sent now; else both go out in one write.
    setImmediate(() => {
      if (!this.#written && !res.writableEnded && !res.destroyed) res.flushHeaders();
    });
  }

  write(chunk: Buffer): boolean {
    this.#written = true;
    return this.#res.write(chunk);
  }

  onDrain(resume: () => void): void {
    if (this.#resume === null) this.#res.on("drain", () => this.#resume?.());
    this.#resume = resume;
  }

  end(): void {
    this.#linger();
    this.#res.end();
  }

  fail(): void {
    this.#res.destroy();
  }

  refuse(answer: GatewayAnswer): void {
    this.#linger();
    this.#res.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #linger(): void {
    const req = this.#req;
    if (req.complete || !this.hasBody) return;
    // Node reads and drops the rest once the answer is out. Without an end, that is a way to keep a connection for nothing.
    const timer = setTimeout(() => req.complete || req.socket.destroy(), LINGER_MS).unref();
    req.once("end", () => clearTimeout(timer));
    req.once("close", () => clearTimeout(timer));
    req.resume();
  }
}

export function acceptsHtml(req: IncomingMessage): boolean {
  return req.headers.accept?.includes("text/html") ?? false;
}

/**
 * A request's body for one attempt to deliver it. Destroying it lets go of the request without harming its connection,
 * so that an app may answer before it has read everything.
 */
class BodyReader extends Readable {
  readonly #req: IncomingMessage;
  readonly #onBytes: (bytes: number) => void;
  readonly #onFirstRead: () => void;
  #attached = false;

  constructor(req: IncomingMessage, onBytes: (bytes: number) => void, onFirstRead: () => void) {
    super({ highWaterMark: 65_536 });
    this.#req = req;
    this.#onBytes = onBytes;
    this.#onFirstRead = onFirstRead;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#onBytes(chunk.length);
    if (!this.push(chunk)) this.#req.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };

  override _read(): void {
    if (!this.#attached) {
      this.#attached = true;
      this.#onFirstRead();
      this.#req.on("data", this.#onData);
      this.#req.on("end", this.#onEnd);
    }
    this.#req.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.#attached) {
      this.#req.off("data", this.#onData);
      this.#req.off("end", this.#onEnd);
      this.#req.pause();
    }
    callback(error);
  }
}
