import { AppError } from "#core/contract/problem.ts";
import { Delivery } from "../delivery.ts";
import type { DeliveryContext } from "../delivery.ts";
import { isFieldValue, isToken } from "../fields.ts";
import { toAppHeaders } from "../headers.ts";
import { toHostname } from "../host.ts";
import { createRequestId } from "../ids.ts";
import { InternalCaller } from "./internal.ts";
import type { InternalAnswer, InternalRequest } from "./internal.ts";
import { toRefusalRecord } from "../record.ts";
import { refusals } from "../answers/refusal.ts";
import type { Refusal } from "../answers/refusal.ts";
import type { Route, RouteTable } from "../route.ts";

export interface InternalForwardOptions {
  context: DeliveryContext;
  routes: RouteTable;
  protocol: "http" | "https";
  /** The `Host` that an app's visitors send. */
  hostOf: (slug: string) => string;
  /** Why the route gets no request, or null. */
  refusalOf: (route: Route | undefined, target: string) => Refusal | null;
}

/** An answer that nobody watches ends by this time; what came is shown. */
const LONGEST_MS = 60_000;
/** One that somebody watches and that has begun may go on for this long in all. */
const LONGEST_WATCHED_MS = 300_000;

/** Builds the platform's own way into an app: like a visitor's, but kept in memory and without a connection. */
export function createInternalForward(options: InternalForwardOptions): (request: InternalRequest) => Promise<InternalAnswer> {
  const { context, routes } = options;
  return async (request) => {
    const route = await routes.findById(request.appId);
    if (route === undefined) throw new AppError("not_found", "There is no such app.");
    checkForm(request);
    const startedAt = performance.now();
    const requestId = createRequestId(Date.now());
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let delivery: Delivery | null = null;
    const onHead = (): void =>
      request.watch?.onHead({
        status: caller.status,
        headers: toPairs(caller.headers),
        latencyMs: performance.now() - startedAt,
        ...toColdStart(delivery),
      });
    const caller = new InternalCaller(request, ({ truncated }) => resolve(truncated), onHead);
    const host = options.hostOf(route.slug);
    const hostname = toHostname(host);
    const { headers, hx } = toAppHeaders({
      rawHeaders: toRawHeaders(request),
      requestId,
      peer: "127.0.0.1",
      trusted: false,
      protocol: options.protocol,
      host,
    });
    const refusal = options.refusalOf(route, request.path);
    if (refusal === null) {
      delivery = new Delivery(context, { caller, route, hostname, requestId, headers, hx });
      await run(delivery, caller, promise, resolve, request);
    } else {
      context.record(toRefusalRecord(route.appId, caller, requestId, refusal.status, hx));
      caller.refuse(context.refuse(refusal, requestId, false));
    }
    return {
      requestId,
      status: caller.status,
      headers: toPairs(caller.headers),
      body: caller.body,
      truncated: await promise,
      latencyMs: performance.now() - startedAt,
      ...toColdStart(delivery),
    };
  };
}

const toColdStart = (delivery: Delivery | null): { coldStartMs?: number } =>
  delivery === null || delivery.coldStartMs === null ? {} : { coldStartMs: delivery.coldStartMs };

/** A visitor's request was read by a parser. This one was not, and goes out as it is written. */
function checkForm({ path, headers = {} }: InternalRequest): void {
  if (!/^\/(?![/\\])[!-~\x80-\xff]*$/.test(path)) {
    throw new AppError(
      "invalid_request",
      "A path begins with one /, has no spaces, and spells other letters than these in percent (%C3%A9).",
    );
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name) || !isFieldValue(value))
      throw new AppError("invalid_request", `The header ${JSON.stringify(name)} is not valid HTTP.`);
  }
}

async function run(
  delivery: Delivery,
  caller: InternalCaller,
  done: Promise<boolean>,
  finish: (truncated: boolean) => void,
  { signal, watch }: InternalRequest,
): Promise<void> {
  const left = Promise.withResolvers<never>();
  const onAbort = (): void => left.reject(new AppError("invalid_request", "The request was cancelled."));
  let timer = setTimeout(() => {
    if (caller.status === 0) delivery.refuse(refusals.timeout());
    else if (watch !== undefined) {
      timer = setTimeout(() => finish(true), LONGEST_WATCHED_MS - LONGEST_MS);
      return;
    }
    finish(true);
  }, LONGEST_MS);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal?.aborted) onAbort();
    else delivery.start();
    await Promise.race([done, left.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    // Ends what was cut off; does nothing once the answer was whole.
    if (delivery.started) delivery.abort();
  }
}

/** The length is ours to say: the connection writes that of the body it is given. */
function toRawHeaders(request: InternalRequest): string[] {
  return Object.entries(request.headers ?? {})
    .filter(([name]) => name.toLowerCase() !== "content-length")
    .flat();
}

function toPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!]);
  return pairs;
}
