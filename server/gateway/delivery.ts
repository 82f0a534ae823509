import type { Endpoint, Runtime } from "#server/runtime/runtime.ts";
import { claimColdStart } from "./apps.ts";
import type { AppState, AppTable, Queued, Waiter, WakeFlight } from "./apps.ts";
import { Attempt } from "./instance/attempt.ts";
import type { Caller } from "./visitor/caller.ts";
import type { GatewayLimits } from "./limits.ts";
import { toRecordedTarget } from "./record.ts";
import type { RequestRecord } from "./record.ts";
import { refusals, toWakingAnswer } from "./answers/refusal.ts";
import type { GatewayAnswer, GatewayCode, Refusal } from "./answers/refusal.ts";
import type { Route } from "./route.ts";
import type { Upstream } from "./instance/upstream.ts";

/** What all deliveries share. */
export interface DeliveryContext {
  apps: AppTable;
  runtime: Runtime;
  limits: GatewayLimits;
  record: (record: RequestRecord) => void;
  /** Counts a refusal and writes it for who asked. */
  refuse: (refusal: Refusal, requestId: string, wantsHtml: boolean) => GatewayAnswer;
  /** Counts an answer that is no refusal in words: the waiting page. */
  onRefused: (code: GatewayCode) => void;
  /** Streams of events that are open. */
  streams: Set<Delivery>;
}

export interface DeliveryInput {
  caller: Caller;
  route: Route;
  hostname: string;
  requestId: string;
  /** From `toAppHeaders`: the last value is the instance's id. */
  headers: string[];
  hx: Record<string, string>;
}

/** The first pause before an instance that refused the connection is tried again, in ms; doubled up to 500. */
const RETRY_PAUSE_MS = 25;
const RETRY_PAUSE_MAX_MS = 500;

/** RFC 9110, 9.2.2, as far as a lost answer may be asked for again without anyone noticing. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS"]);

/** The way of one request from its caller to an instance and back: waits for a start and for a place, tries, tries again where that is safe, records. */
export class Delivery implements Waiter, Queued {
  readonly input: DeliveryInput;
  readonly app: AppState;
  readonly #context: DeliveryContext;
  readonly #startedAt = performance.now();
  readonly #at = Date.now();
  #attempt: Attempt | null = null;
  #flight: WakeFlight | null = null;
  #timer: NodeJS.Timeout | undefined;
  #pauses = 0;
  #repeated = false;
  #hasPlace = false;
  #avoid: string | undefined;
  #triedUntil = 0;
  #coldStartMs: number | null = null;
  #bytesOut = 0;
  #streamLatencyMs: number | null = null;
  #over = false;
  started = false;

  constructor(context: DeliveryContext, input: DeliveryInput) {
    this.#context = context;
    this.input = input;
    this.app = context.apps.ofRoute(input.route);
  }

  get answerTimeoutMs(): number {
    return this.#context.limits.answerMs;
  }

  get coldStartMs(): number | null {
    return this.#coldStartMs;
  }

  start(): void {
    const { app } = this;
    const { apps, limits } = this.#context;
    this.started = true;
    app.lastActiveAt = this.#at;
    const full = app.inFlight >= limits.inFlightPerApp;
    app.inFlight += 1;
    const waitSeconds = apps.takeToken(app, this.#startedAt);
    if (waitSeconds > 0) this.refuse(refusals.tooManyRequests(waitSeconds));
    else if (full) this.refuse(refusals.tooManyInFlight());
    else this.#proceed();
  }

  /** The caller left: nothing is waited for or worked on any longer. */
  abort(): void {
    if (this.#over) return;
    const attempt = this.#attempt;
    this.#finish(attempt?.status ?? 499, attempt?.status === undefined ? "gateway" : "app", { aborted: "client" });
    attempt?.abort();
  }

  refuse(refusal: Refusal): void {
    if (this.#over) return;
    this.#finish(refusal.status, "gateway");
    this.input.caller.refuse(this.#context.refuse(refusal, this.input.requestId, this.input.caller.wantsHtml));
  }

  /** Breaks off a stream, for the platform's own stop: its reader comes back by itself. */
  cut(): void {
    const attempt = this.#attempt;
    if (this.#over || attempt?.status === undefined) return;
    this.#finish(attempt.status, "app");
    this.input.caller.fail();
    attempt.abort();
  }

  /** Ends a request whose body is at fault, wherever it is: answered, if no answer has begun. */
  refuseBody(refusal: Refusal): void {
    if (this.#over) return;
    const attempt = this.#attempt;
    if (attempt?.status === undefined) this.refuse(refusal);
    else {
      this.#finish(attempt.status, "app", { aborted: "client" });
      this.input.caller.fail();
    }
    attempt?.abort();
  }

  #proceed(): void {
    const upstream = this.#context.apps.pick(this.app, this.#avoid);
    if (upstream !== undefined && (upstream.endpoint.instanceId !== this.#avoid || this.#pauses > 0)) this.#forward(upstream);
    else this.#wait();
  }

  #wait(): void {
    const { limits, apps } = this.#context;
    const flight = apps.wait(this.app, this);
    if (!("waiters" in flight)) {
      this.refuse(flight);
      return;
    }
    this.#flight = flight;
    const patient = !this.input.caller.isNavigation;
    this.#timer = setTimeout(() => this.#stopWaiting(patient), patient ? limits.wakeWaitMs : limits.wakingPageAfterMs);
  }

  #stopWaiting(patient: boolean): void {
    if (this.#over) return;
    if (patient) {
      this.refuse(refusals.wakeTimeout());
      return;
    }
    this.#finish(503, "gateway");
    this.#context.onRefused("app_waking");
    this.input.caller.refuse(toWakingAnswer(this.input.requestId));
  }

  onAwake(endpoint: Endpoint, flight: WakeFlight): void {
    if (this.#over) return;
    this.#leaveFlight();
    this.#coldStartMs = claimColdStart(flight);
    const { apps } = this.#context;
    this.#forward(apps.pick(this.app, this.#avoid) ?? apps.upstream(this.app, endpoint));
  }

  onWakeFailed(refusal: Refusal): void {
    this.#flight = null;
    this.refuse(refusal);
  }

  #forward(upstream: Upstream): void {
    const { apps, limits } = this.#context;
    if (!this.#hasPlace && !apps.takePlace(this.app)) {
      if (apps.queue(this.app, this)) this.#timer = setTimeout(() => this.refuse(refusals.tooManyInFlight()), limits.queueMs);
      else this.refuse(refusals.tooManyInFlight());
      return;
    }
    this.#hasPlace = true;
    const { headers } = this.input;
    const { instanceId } = upstream.endpoint;
    const leave = this.#context.runtime.enter(this.app.appId, instanceId);
    if (leave === null) {
      // Put to sleep or replaced between the end of its start and now: the next one takes it.
      this.onUnreached(instanceId);
      return;
    }
    headers[headers.length - 1] = instanceId;
    this.#attempt = new Attempt(this, upstream, leave);
    this.#attempt.start();
  }

  /** The instances may have changed while it waited: everything is looked at anew. */
  onPlace(): void {
    clearTimeout(this.#timer);
    this.#hasPlace = true;
    this.#proceed();
  }

  #leavePlace(): void {
    if (!this.#hasPlace) return;
    this.#hasPlace = false;
    this.#context.apps.leavePlace(this.app);
  }

  /** The attempt ended before the app was given anything. Any request may be tried again. */
  onUnreached(instanceId: string): void {
    if (this.#over) return;
    const now = performance.now();
    if (this.#triedUntil === 0) this.#triedUntil = now + this.#context.limits.connectMs;
    if (now >= this.#triedUntil) {
      this.refuse(refusals.unreachable());
      return;
    }
    this.#avoid = instanceId;
    const pauseMs = Math.min(RETRY_PAUSE_MS * 2 ** this.#pauses, RETRY_PAUSE_MAX_MS);
    this.#pauses += 1;
    // A burst that was refused together must not come back together.
    this.#timer = setTimeout(() => this.#proceed(), pauseMs * (0.75 + Math.random() / 2));
  }

  /** Whether a request that may have been seen, but was not answered, can be sent once more. */
  mayRepeat(): boolean {
    return !this.#over && !this.#repeated && !this.input.caller.hasBody && IDEMPOTENT.has(this.input.caller.method);
  }

  /** Whether the instance's refusal to be the right one can be followed by asking another. */
  mayRedirect(): boolean {
    return !this.#over && !this.#repeated && this.input.caller.bytesIn() === 0;
  }

  repeat(instanceId: string): void {
    this.#repeated = true;
    this.#avoid = instanceId;
    this.#proceed();
  }

  onBytes(bytes: number): void {
    this.#bytesOut += bytes;
  }

  /** The head of the answer of a stream: its latency ends here, its connection may last for hours and keeps no place. */
  onStream(): void {
    this.#leavePlace();
    this.#context.streams.add(this);
    this.#streamLatencyMs = performance.now() - this.#startedAt;
  }

  onAnswered(status: number): void {
    this.#finish(status, "app");
  }

  onCut(status: number): void {
    this.#finish(status, "app", { aborted: "app" });
  }

  #leaveFlight(): void {
    clearTimeout(this.#timer);
    this.#flight?.waiters.delete(this);
    this.#flight = null;
  }

  #leaveQueues(): void {
    this.#leaveFlight();
    this.app.queue?.delete(this);
    this.#leavePlace();
    if (this.#streamLatencyMs !== null) this.#context.streams.delete(this);
  }

  #finish(status: number, answeredBy: "app" | "gateway", ending?: { aborted: "client" | "app" }): void {
    if (this.#over) return;
    this.#over = true;
    this.#leaveQueues();
    const { app, input } = this;
    app.inFlight -= 1;
    app.lastActiveAt = Date.now();
    const endpoint = this.#attempt?.endpoint;
    const { path, queryNames } = toRecordedTarget(input.caller.target);
    this.#context.record({
      id: input.requestId,
      appId: app.appId,
      at: new Date(this.#at),
      method: input.caller.method,
      path,
      queryNames,
      status,
      latencyMs: this.#streamLatencyMs ?? performance.now() - this.#startedAt,
      bytesIn: input.caller.bytesIn(),
      bytesOut: this.#bytesOut,
      coldStartMs: this.#coldStartMs,
      version: endpoint?.version ?? 0,
      instanceId: endpoint?.instanceId ?? null,
      hx: input.hx,
      answeredBy,
      ...ending,
    });
  }
}
