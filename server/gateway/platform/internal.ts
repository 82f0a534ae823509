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
  /** Is told of the answer as it arrives; its bytes are not kept then, and `body` is empty. Each is called at most up to the same size. */
  watch?: InternalWatch;
}

export interface InternalHead {
  status: number;
  headers: [string, string][];
  /** Until the head came. */
  latencyMs: number;
  coldStartMs?: number;
}

export interface InternalWatch {
  onHead(head: InternalHead): void;
  onBytes(bytes: Buffer): void;
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
  readonly #onBegin: () => void;
  readonly #onBytes: ((bytes: Buffer) => void) | undefined;
  #opened = false;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  status = 0;
  headers: string[] = [];

  /** `onBegin` is told once status and headers are there. */
  constructor(request: InternalRequest, settle: (outcome: { truncated: boolean }) => void, onBegin: () => void = () => {}) {
    this.method = request.method;
    this.target = request.path;
    this.#body = request.body === undefined || request.body.length === 0 ? null : Buffer.from(request.body);
    this.hasBody = this.#body !== null;
    this.#settle = settle;
    this.#onBegin = onBegin;
    this.#onBytes = request.watch?.onBytes;
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
    this.#onBegin();
  }

  write(piece: Chunk): boolean {
    const chunk = toBuffer(piece);
    const room = MAX_INTERNAL_BODY_BYTES - this.#kept;
    this.#take(chunk.length > room ? chunk.subarray(0, room) : chunk);
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
    this.#onBegin();
    this.#take(answer.body);
    this.#settle({ truncated: false });
  }

  #take(bytes: Buffer): void {
    this.#kept += bytes.length;
    if (this.#onBytes === undefined) this.#chunks.push(bytes);
    else if (bytes.length > 0) this.#onBytes(bytes);
  }
}
