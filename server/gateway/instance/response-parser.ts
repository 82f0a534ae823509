/**
 * Reads an app's HTTP/1.1 answers from bytes as they come. Pure, and strict: the app is not trusted, and whatever two readers
 * could understand differently (two lengths, a length and chunks, bare line feeds, folded lines) is a problem and no answer.
 * Any cut of the same bytes into pieces gives the same result.
 */
import { isCleanHead, parseFields, scanHead } from "../fields.ts";
import { isBodiless, toChunkSize, toFraming, toStatus } from "./framing.ts";

/** Why something is no answer. */
export type AnswerProblem =
  /** The first line is not that of HTTP/1.x, or switches to a protocol nobody asked for. */
  | "status_line"
  | "header"
  /** Head or trailers exceed `MAX_HEAD_BYTES`. */
  | "too_large"
  /** Lengths that contradict each other or are no numbers, and codings other than chunked. */
  | "framing"
  | "chunk"
  /** The connection ended before the answer did. */
  | "cut";

export interface AnswerSink {
  /** 1xx, which may come any number of times before the answer. */
  onInformation(status: number, headers: string[]): void;
  /** `headers` are flat: name, value, name, value; in the app's order and spelling. */
  onHead(status: number, message: string, headers: string[]): void;
  /** The body goes on from `start` to `end` of the bytes given to `execute`. */
  onBody(bytes: Buffer, start: number, end: number): void;
}

/** Node's own limit for what a client sends is 16 KiB; apps with many cookies to set get some more. */
export const MAX_HEAD_BYTES = 65_536;
/** A chunk's size with its extensions, which nobody uses and which are dropped. */
const MAX_SIZE_LINE_BYTES = 1_024;

const IDLE = 0;
const HEAD = 1;
const LENGTH = 2;
const UNTIL_CLOSE = 3;
const CHUNK_SIZE = 4;
const CHUNK_DATA = 5;
const CHUNK_END = 6;
const TRAILERS = 7;
const DONE = 8;
const FAILED = 9;

export class ResponseParser {
  readonly #sink: AnswerSink;
  #state = IDLE;
  #problem: AnswerProblem | null = null;
  /** The beginning of a head, size line or trailers whose end has not come yet. */
  #held = "";
  #left = 0;
  #method = "GET";
  #keepAlive = false;
  #surplus = false;
  #trailers: string[] = [];

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** Ready for the answer to a request of this method. */
  begin(method: string): void {
    this.#state = HEAD;
    this.#problem = null;
    this.#method = method;
    this.#keepAlive = false;
    this.#surplus = false;
    this.#held = "";
    this.#trailers = [];
  }

  /** The answer is whole. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /** Whether another request may follow on the connection, once the answer is whole. */
  get reusable(): boolean {
    return this.#keepAlive && !this.#surplus;
  }

  get trailers(): string[] {
    return this.#trailers;
  }

  /** Ignores whatever comes from now on. */
  stop(): void {
    this.#state = FAILED;
  }

  /** @param end how many of `bytes` were read; what lies behind is not looked at. */
  execute(bytes: Buffer, end: number): AnswerProblem | null {
    for (let at = 0; at < end;) {
      switch (this.#state) {
        case HEAD:
          at = this.#readHead(bytes, at, end);
          break;
        case LENGTH:
        case CHUNK_DATA:
          at = this.#readCounted(bytes, at, end);
          break;
        case UNTIL_CLOSE:
          this.#sink.onBody(bytes, at, end);
          return null;
        case CHUNK_SIZE:
          at = this.#readSize(bytes, at, end);
          break;
        case CHUNK_END:
          at = this.#readChunkEnd(bytes, at);
          break;
        case TRAILERS:
          at = this.#readTrailers(bytes, at, end);
          break;
        default:
          // Bytes nobody asked for. The answer before them stands; the connection is good for no other.
          this.#surplus = true;
          return this.#problem;
      }
    }
    return this.#problem;
  }

  /** The connection ended. */
  finish(): AnswerProblem | null {
    if (this.#state === UNTIL_CLOSE) this.#state = DONE;
    this.#keepAlive = false;
    if (this.#state === DONE || this.#state === IDLE) return null;
    return this.#problem ?? "cut";
  }

  #fail(problem: AnswerProblem): number {
    this.#state = FAILED;
    this.#problem = problem;
    return 0;
  }

  #readHead(bytes: Buffer, at: number, length: number): number {
    const whole = this.#held === "" ? scanHead(bytes, at, Math.min(length, at + MAX_HEAD_BYTES)) : null;
    if (whole !== null) {
      this.#beginAnswer(whole.line, whole.fields);
      return whole.next;
    }
    const found = this.#takeBlock(bytes, at, length);
    if (found === -1 || this.#state === FAILED) return length;
    const head = this.#held;
    this.#held = "";
    const lineEnd = head.indexOf("\r\n");
    this.#beginAnswer(head.slice(0, lineEnd), this.#parseHeld(head, lineEnd + 2));
    return found;
  }

  #beginAnswer(line: string, headers: string[] | null): void {
    const status = toStatus(line);
    if (status === 0 || status === 101) this.#fail("status_line");
    else if (headers === null) this.#fail("header");
    else if (status < 200) this.#sink.onInformation(status, headers);
    else this.#beginBody(status, line.slice(13), headers, line.charCodeAt(7) === 49);
  }

  #parseHeld(block: string, at: number): string[] | null {
    return isCleanHead(Buffer.from(block, "latin1"), 0, block.length) ? parseFields(block, at) : null;
  }

  /**
   * Adds to what is held up to the empty line that ends a head.
   * @returns where the bytes go on, or -1 when that line has not come. What is held then ends with the last line's end.
   */
  #takeBlock(bytes: Buffer, at: number, length: number): number {
    // Three bytes of what came before may belong to the four that are looked for.
    const before = this.#held.length;
    const piece = bytes.toString("latin1", at, Math.min(length, at + MAX_HEAD_BYTES + 1 - before));
    const held = this.#held + piece;
    const end = held.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end === -1 || end + 4 > MAX_HEAD_BYTES) {
      if (held.length > MAX_HEAD_BYTES || end !== -1) return this.#fail("too_large");
      this.#held = held;
      return -1;
    }
    this.#held = held.slice(0, end + 2);
    return at + end + 4 - before;
  }

  #beginBody(status: number, message: string, headers: string[], isHttp11: boolean): void {
    const framing = toFraming(headers, isHttp11);
    if (framing === null) {
      this.#fail("framing");
      return;
    }
    const bodiless = isBodiless(this.#method, status) || framing.length === 0;
    this.#keepAlive = framing.keepAlive && (bodiless || framing.chunked || framing.length > 0);
    if (bodiless) this.#state = DONE;
    else if (framing.chunked) this.#state = CHUNK_SIZE;
    else if (framing.length === -1) this.#state = UNTIL_CLOSE;
    else {
      this.#state = LENGTH;
      this.#left = framing.length;
    }
    this.#sink.onHead(status, message, headers);
  }

  #readCounted(bytes: Buffer, at: number, length: number): number {
    const end = Math.min(length, at + this.#left);
    this.#left -= end - at;
    // Before the sink is called: it may stop us.
    if (this.#left === 0) this.#state = this.#state === LENGTH ? DONE : CHUNK_END;
    this.#sink.onBody(bytes, at, end);
    return end;
  }

  #readSize(bytes: Buffer, at: number, length: number): number {
    const found = bytes.indexOf(10, at);
    const end = found < length ? found : -1;
    const until = end === -1 ? length : end + 1;
    if (this.#held.length + until - at > MAX_SIZE_LINE_BYTES) return this.#fail("chunk");
    this.#held += bytes.toString("latin1", at, until);
    if (end === -1) return until;
    const line = this.#held;
    this.#held = "";
    const size = toChunkSize(line);
    if (size === -1) return this.#fail("chunk");
    this.#left = size;
    this.#state = size === 0 ? TRAILERS : CHUNK_DATA;
    // So that an empty line at once is the end of trailers that there are none of.
    if (size === 0) this.#held = "\r\n";
    return until;
  }

  #readChunkEnd(bytes: Buffer, at: number): number {
    const byte = bytes[at];
    if (this.#held === "" && byte === 13) this.#held = "\r";
    else if (this.#held === "\r" && byte === 10) {
      this.#held = "";
      this.#state = CHUNK_SIZE;
    } else return this.#fail("chunk");
    return at + 1;
  }

  #readTrailers(bytes: Buffer, at: number, length: number): number {
    const found = this.#takeBlock(bytes, at, length);
    if (found === -1 || this.#state === FAILED) return length;
    const trailers = this.#parseHeld(this.#held, 2);
    this.#held = "";
    if (trailers === null) return this.#fail("header");
    this.#trailers = trailers;
    this.#state = DONE;
    return found;
  }
}
