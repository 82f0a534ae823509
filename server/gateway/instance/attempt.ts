import type { Endpoint } from "#server/runtime/runtime.ts";
import type { Chunk } from "../visitor/caller.ts";
import type { Connection, Exchange, Failure } from "./connection.ts";
import type { Delivery } from "../delivery.ts";
import { findHeader, toCallerHeaders, toCallerTrailers } from "../headers.ts";
import { refusals } from "../answers/refusal.ts";
import type { Refusal } from "../answers/refusal.ts";
import type { Upstream } from "./upstream.ts";

/** Misdirected Request (RFC 9110, 15.5.20): what an instance answers to a request meant for another one. */
const MISDIRECTED = 421;

/** More 1xx than this before one answer are no information. */
const MAX_INFORMATION = 50;

/** One try to have an instance answer: passes the answer on as it comes. */
export class Attempt implements Exchange {
  readonly #delivery: Delivery;
  readonly #upstream: Upstream;
  readonly #leave: () => void;
  #connection: Connection | null = null;
  #over = false;
  #informations = 0;
  /** The names of the trailers that are to come. */
  #announced: string | undefined;
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
    this.#connection = this.#upstream.send(
      {
        method: caller.method,
        target: caller.target,
        headers,
        hasBody: caller.hasBody,
        openBody: () => caller.openBody(),
        answerTimeoutMs: this.#delivery.answerTimeoutMs,
      },
      this,
    );
  }

  abort(): void {
    this.#release();
    this.#connection?.abort();
  }

  onInformation(status: number, headers: string[]): void {
    if (this.#over) return;
    this.#informations += 1;
    if (this.#informations > MAX_INFORMATION) this.#giveUp(refusals.badAnswer("It sent more interim answers than make sense."));
    // 100 is said by the gateway itself, once, when the body is wanted.
    else if (status !== 100) this.#delivery.input.caller.inform(status, toCallerHeaders(headers, this.#delivery.input.hostname));
  }

  onHead(status: number, message: string, received: string[]): void {
    if (this.#over) return;
    const delivery = this.#delivery;
    if (status === MISDIRECTED && delivery.mayRedirect()) {
      this.abort();
      delivery.repeat(this.endpoint.instanceId);
      return;
    }
    const headers = toCallerHeaders(received, delivery.input.hostname, { trailers: true });
    if (delivery.input.route.draft === true) headers.push("x-robots-tag", "noindex, nofollow");
    this.#announced = findHeader(headers, "trailer");
    this.status = status;
    delivery.input.caller.begin(status, message, headers);
    if (findHeader(headers, "content-type")?.startsWith("text/event-stream")) delivery.onStream();
  }

  onBody(chunk: Chunk): void {
    if (this.#over) return;
    this.#delivery.onBytes(chunk.length);
    const { caller } = this.#delivery.input;
    if (caller.write(chunk)) return;
    this.#connection?.pause();
    caller.onDrain(() => {
      // Once over, the connection is another's.
      if (!this.#over) this.#connection?.resume();
    });
  }

  onPause(): void {
    if (!this.#over && this.status !== undefined) this.#delivery.input.caller.flush();
  }

  onEnd(trailers: readonly string[]): void {
    if (this.#over || this.status === undefined) return;
    this.#release();
    this.#delivery.onAnswered(this.status);
    this.#delivery.input.caller.end(trailers.length === 0 ? trailers : toCallerTrailers(trailers, this.#announced));
  }

  onFailed(failure: Failure): void {
    if (this.#over) return;
    this.#release();
    const delivery = this.#delivery;
    const { instanceId } = this.endpoint;
    if (this.status !== undefined) {
      delivery.onCut(this.status);
      delivery.input.caller.fail();
    } else if (failure === "unreached") delivery.onUnreached(instanceId);
    else if (failure === "stale" && delivery.mayRepeat()) delivery.repeat(instanceId);
    else delivery.refuse(toRefusal(failure));
  }

  #giveUp(refusal: Refusal): void {
    this.abort();
    this.#delivery.refuse(refusal);
  }

  #release(): void {
    if (this.#over) return;
    this.#over = true;
    this.#upstream.inFlight -= 1;
    this.#leave();
  }
}

function toRefusal(failure: Exclude<Failure, "unreached">): Refusal {
  switch (failure) {
    case "timeout":
      return refusals.timeout();
    case "too_large":
      return refusals.badAnswer("The headers of its answer are larger than 64 KiB.");
    case "status_line":
      return refusals.badAnswer("What it sent is not HTTP/1.1.");
    case "header":
      return refusals.badAnswer("One of the headers of its answer is not valid HTTP.");
    case "framing":
      return refusals.badAnswer("The headers of its answer contradict each other about its length.");
    default:
      return refusals.noAnswer();
  }
}
