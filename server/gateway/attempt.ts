import { errors } from "undici";
import type { Dispatcher } from "undici";
import type { Endpoint } from "#server/runtime/runtime.ts";
import type { Delivery } from "./delivery.ts";
import { findHeader, toCallerHeaders } from "./headers.ts";
import { refusals } from "./refusal.ts";
import type { Upstream } from "./upstream.ts";

type Controller = Dispatcher.DispatchController;

/** Misdirected Request (RFC 9110, 15.5.20): what an instance answers to a request meant for another one. */
const MISDIRECTED = 421;

/** One try to have an instance answer: undici's handler, which passes the answer on as it comes. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #delivery: Delivery;
  readonly #upstream: Upstream;
  readonly #leave: () => void;
  #controller: Controller | null = null;
  #over = false;
  /** The status that was passed on. */
  status: number | undefined;

  constructor(delivery: Delivery, upstream: Upstream, leave: () => void) {
    this.#delivery = delivery;
    this.#upstream = upstream;
    this.#leave = leave;
    upstream.inFlight += 1;
  }

  get endpoint(): Endpoint {
    return this.#upstream.endpoint;
  }

  start(): void {
    const { caller, headers } = this.#delivery.input;
    this.#upstream.pool.dispatch(
      {
        path: caller.target,
        method: caller.method as Dispatcher.HttpMethod,
        headers,
        body: caller.openBody(),
        headersTimeout: this.#delivery.answerTimeoutMs,
        // Without it undici gives up the connection after each HEAD and each body of a GET or DELETE; our runners need no such care.
        reset: false,
      },
      this,
    );
  }

  abort(): void {
    this.#release();
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new errors.RequestAbortedError());
  }

  onResponseStart(controller: Controller, status: number, _headers: unknown, message?: string): void {
    if (this.#over || status < 200) return;
    const delivery = this.#delivery;
    if (status === MISDIRECTED && delivery.mayRedirect()) {
      this.#release();
      controller.abort(new errors.RequestAbortedError());
      delivery.repeat(this.endpoint.instanceId);
      return;
    }
    const headers = toCallerHeaders((controller.rawHeaders ?? []) as Buffer[], delivery.input.hostname);
    try {
      delivery.input.caller.begin(status, message, headers);
    } catch {
      // What node refuses to write, such as a control character in a header.
      this.#release();
      controller.abort(new errors.RequestAbortedError());
      delivery.refuse(refusals.noAnswer());
      return;
    }
    this.status = status;
    if (findHeader(headers, "content-type")?.startsWith("text/event-stream")) delivery.onStream();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#over) return;
    this.#delivery.onBytes(chunk.length);
    const { caller } = this.#delivery.input;
    if (caller.write(chunk)) return;
    controller.pause();
    caller.onDrain(() => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#over || this.status === undefined) return;
    this.#release();
    this.#delivery.onAnswered(this.status);
    this.#delivery.input.caller.end();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    if (this.#over) return;
    this.#release();
    const delivery = this.#delivery;
    const { instanceId } = this.endpoint;
    if (this.status !== undefined) {
      delivery.onCut(this.status);
      delivery.input.caller.fail();
    } else if (error instanceof errors.InvalidArgumentError || error instanceof errors.NotSupportedError) {
      delivery.refuse(refusals.badRequest("Its path or one of its headers is not valid HTTP."));
    } else if (this.#controller === null) delivery.onUnreached(instanceId);
    else if (isStaleConnection(error) && delivery.mayRepeat()) delivery.repeat(instanceId);
    else delivery.refuse(error instanceof errors.HeadersTimeoutError ? refusals.timeout() : refusals.noAnswer());
  }

  #release(): void {
    if (this.#over) return;
    this.#over = true;
    this.#upstream.inFlight -= 1;
    this.#leave();
  }
}

/**
 * Whether a kept connection had been closed by the other side when the request was written on it: the usual race of keep-alive.
 * A connection that carried an answer before and now ends without a byte is one; so is a write that was refused.
 */
function isStaleConnection(error: Error): boolean {
  if (error instanceof errors.SocketError) return (error.socket?.bytesRead ?? 0) > 0;
  const code = (error as NodeJS.ErrnoException).code;
  return code === "EPIPE" || code === "ECONNRESET";
}
