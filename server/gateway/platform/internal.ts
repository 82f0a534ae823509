import type { GatewayAnswer } from "../answers/refusal.ts";
import { toBuffer } from "../visitor/caller.ts";
import type { Caller, Chunk } from "../visitor/caller.ts";

/** What the test panel is given. Redirects are answers like any other. */
export interface InternalAnswer {
  requestId: string;
  status: number;
  headers: [string, string][];
  body: Buffer;
  /** The body went on past what is kept, in size or in time. */
  truncated: boolean;
  latencyMs: number;
  coldStartMs?: number;
}

export interface InternalRequest {
  appId: string;
  method: string;
  /** Begins with one `/`; may have a query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer | string;
  signal?: AbortSignal;
}

/** The most of an answer's body that is kept. */
export const MAX_INTERNAL_BODY_BYTES = 10_000_000;

/** The platform itself as a caller: keeps the answer in memory, up to a size. */
export class InternalCaller implements Caller {
  readonly method: string;
  readonly target: string;
  readonly hasBody: boolean;
  readonly wantsHtml = false;
  readonly isNavigation = false;
  readonly #body: Buffer | null;
  readonly #settle: (outcome: { truncated: boolean }) => void;
  #opened = false;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  status = 0;
  headers: string[] = [];

  constructor(request: InternalRequest, settle: (outcome: { truncated: boolean }) => void) {
    this.method = request.method;
    this.target = request.path;
    this.#body = request.body === undefined || request.body.length === 0 ? null : Buffer.from(request.body);
    this.hasBody = this.#body !== null;
    this.#settle = settle;
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  bytesIn(): number {
    return this.#opened && this.#body !== null ? this.#body.length : 0;
  }

  openBody(): Buffer | null {
    this.#opened = true;
    return this.#body;
  }

  /** Interim answers are for those who can act on them. */
  inform(): void {}

  begin(status: number, _message: string | undefined, headers: string[]): void {
    this.status = status;
    this.headers = headers;
  }

  write(piece: Chunk): boolean {
    const chunk = toBuffer(piece);
    const room = MAX_INTERNAL_BODY_BYTES - this.#kept;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    this.#kept += Math.min(chunk.length, room);
    if (chunk.length > room) this.#settle({ truncated: true });
    return true;
  }

  /** Memory is never full: `write` says so. */
  onDrain(): void {}

  flush(): void {}

  end(): void {
    this.#settle({ truncated: false });
  }

  fail(): void {
    this.#settle({ truncated: true });
  }

  refuse(answer: GatewayAnswer): void {
    this.status = answer.status;
    this.headers = answer.headers;
    this.#chunks.push(answer.body);
    this.#settle({ truncated: false });
  }
}
