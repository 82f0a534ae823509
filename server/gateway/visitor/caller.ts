import { Readable } from "node:stream";
import type { IncomingMessage, ServerResponse } from "node:http";
import { findHeader, withoutField } from "../headers.ts";
import { isBodiless } from "../instance/framing.ts";
import type { GatewayAnswer } from "../answers/refusal.ts";
import { acceptsHtml, isNavigation } from "./browser.ts";

/** A piece of a body: small ones as latin1 text, one character a byte, others as bytes. The reader's own to keep. */
export type Chunk = Buffer | string;

export function toBuffer(chunk: Chunk): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk, "latin1") : chunk;
}

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
  /** An interim answer (1xx), for those who understand them. */
  inform(status: number, headers: string[]): void;
  /** Begins the answer, which may be held back until `flush` or `end`, so that a small one goes out in one write. */
  begin(status: number, message: string | undefined, headers: string[]): void;
  /** @returns false when the caller is to be given time until `onDrain`. */
  write(chunk: Chunk): boolean;
  onDrain(resume: () => void): void;
  /** More may take a while: what was given so far goes out now. */
  flush(): void;
  end(trailers: readonly string[]): void;
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
  /** The beginning of the body, while it waits for company. */
  #chunk: Chunk | null = null;
  #flushed = false;
  #resume: (() => void) | null = null;
  /** The most body bytes that are taken; `onBodyTooLarge` is told once they are passed. */
  bodyLimit = Number.POSITIVE_INFINITY;
  onBodyTooLarge: (() => void) | null = null;

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
    return acceptsHtml(this.#req.headers.accept);
  }

  get isNavigation(): boolean {
    const { "sec-fetch-mode": mode, accept } = this.#req.headers;
    return isNavigation(this.method, mode, accept);
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
        if (this.#bytesIn > this.bodyLimit) this.onBodyTooLarge?.();
      },
      () => {
        if (!this.#sendContinue) return;
        this.#sendContinue = false;
        this.#res.writeContinue();
      },
    );
  }

  inform(status: number, headers: string[]): void {
    const res = this.#res;
    // RFC 9110, 15.2: HTTP/1.0 knows no interim answers. Node writes these two; others say nothing to anyone today.
    if (this.#req.httpVersionMinor === 0 || res.headersSent) return;
    if (status === 102) res.writeProcessing();
    else if (status === 103) {
      try {
        res.writeEarlyHints(toHints(headers));
      } catch {
        // A link that node does not take for one: hints are optional, and the answer itself is still to come.
      }
    }
  }

  begin(status: number, message: string | undefined, headers: string[]): void {
    const res = this.#res;
    // The app's own Date stands; where it sent none, none is added.
    res.sendDate = false;
    const kept = this.#carriesTrailers(status, headers) ? headers : withoutField(headers, "trailer");
    if (!message) res.writeHead(status, kept);
    else res.writeHead(status, message, kept);
  }

  write(chunk: Chunk): boolean {
    if (this.#chunk === null && !this.#flushed) {
      this.#chunk = chunk;
      return true;
    }
    this.flush();
    return this.#send(chunk);
  }

  #send(chunk: Chunk): boolean {
    return typeof chunk === "string" ? this.#res.write(chunk, "latin1") : this.#res.write(chunk);
  }

  onDrain(resume: () => void): void {
    if (this.#resume === null) this.#res.on("drain", () => this.#resume?.());
    this.#resume = resume;
  }

  flush(): void {
    const chunk = this.#chunk;
    if (chunk !== null) {
      this.#chunk = null;
      this.#send(chunk);
    } else if (!this.#flushed) this.#res.flushHeaders();
    this.#flushed = true;
  }

  end(trailers: readonly string[]): void {
    const res = this.#res;
    const chunk = this.#chunk;
    this.#linger();
    if (trailers.length > 0) {
      this.flush();
      // Node writes them only where the answer is in chunks.
      res.addTrailers(toPairs(trailers));
      res.end();
    } else if (chunk === null) res.end();
    // Node sends text together with the head, and bytes after it.
    else if (typeof chunk === "string") res.end(chunk, "latin1");
    else res.end(chunk);
  }

  /** Whether trailers, if the app declares some, can follow: node throws where they cannot. */
  #carriesTrailers(status: number, headers: readonly string[]): boolean {
    if (this.#req.httpVersionMinor === 0 || isBodiless(this.method, status)) return false;
    return findHeader(headers, "content-length") === undefined;
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

/** As node wants the headers of a 103: an object, with all links in one list. */
function toHints(headers: readonly string[]): { link: string[]; [name: string]: string | string[] } {
  const hints: { link: string[]; [name: string]: string | string[] } = { link: [] };
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key = headers[i]!.toLowerCase();
    if (key === "link") hints.link.push(headers[i + 1]!);
    else hints[key] = headers[i + 1]!;
  }
  return hints;
}

function toPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
  return pairs;
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
