import type { Socket } from "node:net";
import { toFieldLines, toHead, toStatusLine } from "#server/http/response-head.ts";
import { isBodiless } from "../instance/framing.ts";
import { findHeader, withoutField } from "../headers.ts";
import type { GatewayAnswer } from "../answers/refusal.ts";
import { acceptsHtml, isNavigation } from "./browser.ts";
import type { Caller, Chunk } from "./caller.ts";
import type { PlainRequest } from "./plain-request.ts";

/** Who is told when the answer is out. */
export interface AnsweredConnection {
  /** Whether another request is welcome; asked once for each answer, for it is said in its head. */
  readonly goesOn: boolean;
  /** How long the connection is kept for another request, for the caller to know. */
  readonly keepAliveSeconds: number;
  onAnswered(): void;
}

/** The caller of a plain request: the answer is written on its socket, head and small body in one piece. */
export class PlainCaller implements Caller {
  readonly #request: PlainRequest;
  readonly #socket: Socket;
  readonly #connection: AnsweredConnection;
  readonly hasBody = false;
  /** Of the answer, while it waits for company. */
  #head = "";
  #chunk: Chunk | null = null;
  #chunked = false;
  #begun = false;
  #over = false;
  #resume: (() => void) | null = null;

  constructor(request: PlainRequest, socket: Socket, connection: AnsweredConnection) {
    this.#request = request;
    this.#socket = socket;
    this.#connection = connection;
  }

  get method(): string {
    return this.#request.method;
  }

  get target(): string {
    return this.#request.target;
  }

  get wantsHtml(): boolean {
    return acceptsHtml(this.#field("accept"));
  }

  get isNavigation(): boolean {
    return isNavigation(this.method, this.#field("sec-fetch-mode"), this.#field("accept"));
  }

  #field(name: string): string | undefined {
    return findHeader(this.#request.rawHeaders, name);
  }

  /** Something of the answer itself was written. */
  get begun(): boolean {
    return this.#begun;
  }

  bytesIn(): number {
    return 0;
  }

  openBody(): null {
    return null;
  }

  inform(status: number, headers: string[]): void {
    if (this.#begun || this.#head !== "") return;
    this.#socket.write(toHead(status, undefined, headers), "latin1");
  }

  begin(status: number, message: string | undefined, headers: string[]): void {
    this.#chunked = !isBodiless(this.method, status) && findHeader(headers, "content-length") === undefined;
    // Trailers can follow chunks only.
    const lines = this.#chunked ? `${toFieldLines(headers)}Transfer-Encoding: chunked\r\n` : toFieldLines(withoutField(headers, "trailer"));
    this.#head = this.#toHead(status, message, lines);
  }

  write(chunk: Chunk): boolean {
    if (this.#chunk === null && !this.#begun) {
      this.#chunk = chunk;
      return true;
    }
    this.flush();
    return this.#send(chunk);
  }

  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  /** The socket takes more. */
  drained(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  flush(): void {
    if (this.#begun) return;
    this.#begun = true;
    const chunk = this.#chunk;
    this.#chunk = null;
    if (chunk === null) this.#socket.write(this.#head, "latin1");
    else this.#send(chunk, this.#head);
  }

  end(trailers: readonly string[]): void {
    const last = this.#chunked ? `0\r\n${toFieldLines(trailers)}\r\n` : "";
    if (this.#begun) {
      if (last !== "") this.#socket.write(last, "latin1");
    } else this.#endAtOnce(last);
    this.#finish();
  }

  fail(): void {
    this.#socket.destroy();
  }

  refuse(answer: GatewayAnswer): void {
    this.#head = this.#toHead(answer.status, undefined, toFieldLines(answer.headers));
    this.#chunk = this.method === "HEAD" ? null : answer.body;
    this.#endAtOnce("");
    this.#finish();
  }

  /** Head, body and end, in one write where that is cheaper. */
  #endAtOnce(last: string): void {
    this.#begun = true;
    const chunk = this.#chunk;
    if (chunk === null) this.#socket.write(this.#head + last, "latin1");
    else if (typeof chunk === "string") this.#socket.write(this.#head + this.#frame(chunk) + last, "latin1");
    else {
      this.#send(chunk, this.#head);
      if (last !== "") this.#socket.write(last, "latin1");
    }
  }

  #frame(text: string): string {
    return this.#chunked ? `${text.length.toString(16)}\r\n${text}\r\n` : text;
  }

  #send(chunk: Chunk, before = ""): boolean {
    const socket = this.#socket;
    if (typeof chunk === "string") return socket.write(before + this.#frame(chunk), "latin1");
    if (!this.#chunked && before === "") return socket.write(chunk);
    socket.cork();
    socket.write(this.#chunked ? `${before}${chunk.length.toString(16)}\r\n` : before, "latin1");
    let room = socket.write(chunk);
    if (this.#chunked) room = socket.write("\r\n", "latin1");
    socket.uncork();
    return room;
  }

  /** With what becomes of the connection, which each answer says once. */
  #toHead(status: number, message: string | undefined, lines: string): string {
    const { goesOn, keepAliveSeconds } = this.#connection;
    const fate = goesOn ? `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}\r\n` : "Connection: close\r\n";
    return `${toStatusLine(status, message)}${lines}${fate}\r\n`;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.onAnswered();
  }
}
