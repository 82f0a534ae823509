import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { toHead } from "#server/http/response-head.ts";
import type { Endpoint } from "#server/runtime/runtime.ts";
import { claimColdStart } from "../apps.ts";
import type { AppState, Waiter, WakeFlight } from "../apps.ts";
import type { DeliveryContext } from "../delivery.ts";
import { toCallerHeaders } from "../headers.ts";
import { toRecordedTarget } from "../record.ts";
import { refusals } from "../answers/refusal.ts";
import type { GatewayAnswer, Refusal } from "../answers/refusal.ts";
import type { Route } from "../route.ts";
import type { Upstream } from "../instance/upstream.ts";
import { Switched } from "./switched.ts";

export interface UpgradeInput {
  req: IncomingMessage;
  socket: Duplex;
  /** What the caller sent behind the request's head. */
  head: Buffer;
  target: string;
  wantsHtml: boolean;
  /** The protocol to switch to; null answers as if none had been asked for. */
  protocol: string | null;
  route: Route;
  hostname: string;
  requestId: string;
  headers: string[];
  hx: Record<string, string>;
}

/** Pauses between tries to connect, in ms; the sum is within what a caller waits anyway. */
const CONNECT_PAUSES_MS = [25, 50, 100, 200, 400];

/**
 * An upgrade to another protocol, in practice a WebSocket: the handshake is passed on, then bytes flow both ways untouched
 * until either side ends. It keeps its app awake for as long as it is open.
 */
export class UpgradeDelivery implements Waiter {
  readonly #context: DeliveryContext;
  readonly #input: UpgradeInput;
  readonly #app: AppState;
  readonly #startedAt = performance.now();
  readonly #at = Date.now();
  #flight: WakeFlight | null = null;
  #timer: NodeJS.Timeout | undefined;
  #request: ClientRequest | null = null;
  #release: (() => void) | null = null;
  #endpoint: Endpoint | null = null;
  #status: number | null = null;
  #latencyMs = 0;
  #coldStartMs: number | null = null;
  /** Of an answer that is no switch. */
  #bytesOut = 0;
  #switched: Switched | null = null;
  #tries = 0;
  #over = false;

  constructor(context: DeliveryContext, input: UpgradeInput) {
    this.#context = context;
    this.#input = input;
    this.#app = context.apps.ofRoute(input.route);
  }

  start(): void {
    const { socket } = this.#input;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onCallerClosed());
    this.#app.lastActiveAt = this.#at;
    const full = this.#app.sockets >= this.#context.limits.socketsPerApp;
    this.#app.inFlight += 1;
    this.#app.sockets += 1;
    if (full) this.#refuse(refusals.tooManyInFlight());
    else this.#proceed();
  }

  /** Ends the connection, for the platform's own stop. */
  destroy(): void {
    this.#input.socket.destroy();
  }

  /** Tells a WebSocket that the platform goes away; one that is none yet is cut when the platform stops. */
  leave(): void {
    this.#switched?.leave();
  }

  #proceed(): void {
    const upstream = this.#context.apps.pick(this.#app, this.#endpoint?.instanceId);
    if (upstream !== undefined) {
      this.#connect(upstream);
      return;
    }
    const flight = this.#context.apps.wait(this.#app, this);
    if (!("waiters" in flight)) {
      this.#refuse(flight);
      return;
    }
    this.#flight = flight;
    this.#timer = setTimeout(() => this.#refuse(refusals.wakeTimeout()), this.#context.limits.wakeWaitMs);
  }

  onAwake(endpoint: Endpoint, flight: WakeFlight): void {
    if (this.#over) return;
    this.#leaveFlight();
    this.#coldStartMs = claimColdStart(flight);
    const { apps } = this.#context;
    this.#connect(apps.pick(this.#app) ?? apps.upstream(this.#app, endpoint));
  }

  onWakeFailed(refusal: Refusal): void {
    this.#refuse(refusal);
  }

  #connect(upstream: Upstream): void {
    const { endpoint } = upstream;
    const { headers, req, target, protocol } = this.#input;
    this.#endpoint = endpoint;
    const leave = this.#context.runtime.enter(this.#app.appId, endpoint.instanceId);
    if (leave === null) {
      this.#onFailed(false);
      return;
    }
    headers[headers.length - 1] = endpoint.instanceId;
    upstream.inFlight += 1;
    this.#release = () => {
      this.#release = null;
      upstream.inFlight -= 1;
      leave();
    };
    const connection = protocol === null ? ["connection", "close"] : ["connection", "Upgrade", "upgrade", protocol];
    const request = httpRequest({
      ...("socketPath" in endpoint ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port }),
      method: req.method ?? "GET",
      path: target,
      headers: [...headers, ...connection],
      setHost: false,
      agent: false,
      maxHeaderSize: 65_536,
    });
    this.#request = request;
    let connected = false;
    request.on("socket", (socket) => socket.on("connect", () => (connected = true)));
    request.setTimeout(this.#context.limits.answerMs, () => request.destroy(new Error("no answer in time")));
    request.on("upgrade", (response, socket, head) => this.#switch(response, socket as Socket, head));
    request.on("response", (response) => this.#passAnswer(response));
    request.on("error", () => this.#onFailed(connected));
    request.end();
  }

  #onFailed(connected: boolean): void {
    this.#release?.();
    if (this.#over) return;
    if (this.#status !== null) {
      this.#input.socket.destroy();
      return;
    }
    const pauseMs = CONNECT_PAUSES_MS[this.#tries];
    if (connected || pauseMs === undefined) {
      this.#refuse(connected ? refusals.noAnswer() : refusals.unreachable());
      return;
    }
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#proceed(), pauseMs);
  }

  #switch(response: IncomingMessage, upstream: Socket, upstreamHead: Buffer): void {
    const { socket, head, hostname } = this.#input;
    if (this.#over) {
      upstream.destroy();
      return;
    }
    this.#answered(101);
    const protocol = response.headers.upgrade ?? this.#input.protocol ?? "websocket";
    const headers = [...toCallerHeaders(response.rawHeaders, hostname), "connection", "Upgrade", "upgrade", protocol];
    socket.write(toHead(101, response.statusMessage, headers), "latin1");
    this.#switched = new Switched(socket, upstream, protocol);
    this.#switched.join({ caller: head, app: upstreamHead });
  }

  /** The app declined to switch (or was not asked to): its answer, delimited by the end of the connection. */
  #passAnswer(response: IncomingMessage): void {
    const { socket, hostname } = this.#input;
    const status = response.statusCode ?? 502;
    this.#answered(status);
    const headers = toCallerHeaders(response.rawHeaders, hostname);
    socket.write(toHead(status, response.statusMessage, [...headers, "connection", "close"]), "latin1");
    response.on("data", (chunk: Buffer) => (this.#bytesOut += chunk.length));
    response.on("error", () => socket.destroy());
    response.pipe(socket);
  }

  #answered(status: number): void {
    this.#status = status;
    this.#latencyMs = performance.now() - this.#startedAt;
    this.#request?.setTimeout(0);
  }

  #refuse(refusal: Refusal): void {
    if (this.#over) return;
    const { socket, requestId, wantsHtml } = this.#input;
    this.#finish(refusal.status, "gateway");
    answerOnSocket(socket, this.#context.refuse(refusal, requestId, wantsHtml));
  }

  #onCallerClosed(): void {
    this.#request?.destroy();
    if (this.#status === null) this.#finish(499, "gateway", "client");
    else this.#finish(this.#status, "app");
  }

  #leaveFlight(): void {
    clearTimeout(this.#timer);
    this.#flight?.waiters.delete(this);
    this.#flight = null;
  }

  #finish(status: number, answeredBy: "app" | "gateway", aborted?: "client"): void {
    if (this.#over) return;
    this.#over = true;
    this.#leaveFlight();
    this.#release?.();
    const app = this.#app;
    app.inFlight -= 1;
    app.sockets -= 1;
    app.lastActiveAt = Date.now();
    const { path, queryNames } = toRecordedTarget(this.#input.target);
    this.#context.record({
      id: this.#input.requestId,
      appId: app.appId,
      at: new Date(this.#at),
      method: this.#input.req.method ?? "GET",
      path,
      queryNames,
      status,
      latencyMs: this.#status === null ? performance.now() - this.#startedAt : this.#latencyMs,
      bytesIn: this.#switched?.bytesIn ?? 0,
      bytesOut: this.#switched?.bytesOut ?? this.#bytesOut,
      coldStartMs: this.#coldStartMs,
      version: this.#endpoint?.version ?? 0,
      instanceId: this.#endpoint?.instanceId ?? null,
      hx: this.#input.hx,
      answeredBy,
      ...(aborted === undefined ? {} : { aborted }),
    });
  }
}

/** Answers on a bare socket, and ends it. */
export function answerOnSocket(socket: Duplex, answer: GatewayAnswer): void {
  if (socket.destroyed) return;
  socket.write(toHead(answer.status, undefined, [...answer.headers, "connection", "close"]), "latin1");
  socket.end(answer.body);
}
