import type { Socket } from "node:net";
import { Delivery } from "../delivery.ts";
import type { DeliveryContext } from "../delivery.ts";
import type { Entrance } from "../entrance.ts";
import { findHeader } from "../headers.ts";
import { createRequestId } from "../ids.ts";
import { PlainCaller } from "./plain-caller.ts";
import type { AnsweredConnection } from "./plain-caller.ts";
import { parsePlainRequest } from "./plain-request.ts";
import type { PlainRequest } from "./plain-request.ts";
import { isPreviewAgent } from "../answers/preview.ts";
import type { RouteTable } from "../route.ts";

/** Gives a connection, with what was read of it, to node's HTTP server for good. */
export type PassOn = (socket: Socket, bytes: Buffer | null) => void;

export interface FrontOptions {
  entrance: Entrance;
  context: DeliveryContext;
  routes: RouteTable;
}

export interface Front {
  /** Takes a new connection. */
  handleConnection(socket: Socket, passOn: PassOn): void;
  /** Ends connections after their answer, and those between two requests after a moment. */
  drain(): void;
  /** Ends all connections. */
  close(): void;
}

/** As long as the HTTP server keeps one: see server/prepare/http-server.ts. */
const KEEP_ALIVE_SECONDS = 65;
/** How long a new connection may say nothing. */
const FIRST_BYTE_SECONDS = 20;
/** How long a connection between two requests stays when the platform stops. */
const DRAIN_IDLE_SECONDS = 2;
const CHECK_EVERY_MS = 1_000;
const ASK_AGAIN_MS = [100, 1_000, 5_000];
/** Requests that come behind one that is being answered are read up to here. */
const MAX_HELD_BYTES = 65_536;

/**
 * The short way in. A connection's plain requests to apps that are live are read here and answered on the bare socket, for three
 * quarters of what node's HTTP server takes. With the first request that is anything else it goes to that server and stays there.
 */
export function createFront(options: FrontOptions): Front {
  const open = new Set<FrontConnection>();
  let timer: NodeJS.Timeout | undefined;
  const front: FrontState = {
    ...options,
    draining: false,
    now: Math.floor(performance.now() / 1_000),
    forget(connection) {
      open.delete(connection);
      if (open.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
  const check = (): void => {
    front.now = Math.floor(performance.now() / 1_000);
    for (const connection of open) connection.checkTime(front.now);
  };
  return {
    handleConnection(socket, passOn) {
      if (front.draining) {
        passOn(socket, null);
        return;
      }
      if (timer === undefined) {
        timer = setInterval(check, CHECK_EVERY_MS).unref();
        check();
      }
      open.add(new FrontConnection(front, socket, passOn));
    },
    drain() {
      front.draining = true;
      for (const connection of open) connection.drain(front.now);
    },
    close() {
      front.draining = true;
      for (const connection of open) connection.destroy();
    },
  };
}

interface FrontState extends FrontOptions {
  draining: boolean;
  /** In whole seconds, kept by the timer. */
  now: number;
  forget(connection: FrontConnection): void;
}

class FrontConnection implements AnsweredConnection {
  readonly #front: FrontState;
  readonly #socket: Socket;
  readonly #passOn: PassOn;
  readonly keepAliveSeconds = KEEP_ALIVE_SECONDS;
  #caller: PlainCaller | null = null;
  #delivery: Delivery | null = null;
  /** What came behind the request that is being answered. */
  #held: Buffer | null = null;
  /** The caller sends no more. */
  #halfClosed = false;
  #idleUntil: number;

  constructor(front: FrontState, socket: Socket, passOn: PassOn) {
    this.#front = front;
    this.#socket = socket;
    this.#passOn = passOn;
    this.#idleUntil = front.now + FIRST_BYTE_SECONDS;
    socket.on("data", this.#onData).on("end", this.#onEnd).on("drain", this.#onDrain).on("error", this.#onError).on("close", this.#onClose);
  }

  get goesOn(): boolean {
    return !this.#front.draining && !(this.#halfClosed && this.#held === null);
  }

  checkTime(now: number): void {
    if (this.#caller === null && this.#held === null && now >= this.#idleUntil) this.#socket.destroy();
  }

  /** An idle one stays for a moment: its next request may be on its way, and is answered. */
  drain(now: number): void {
    this.#idleUntil = Math.min(this.#idleUntil, now + DRAIN_IDLE_SECONDS);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (bytes: Buffer): void => {
    // Who does not read the answers gets no more of them.
    if (this.#caller === null && this.#held === null && !this.#socket.writableNeedDrain) {
      this.#take(bytes);
      return;
    }
    this.#held = this.#held === null ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#held.length > MAX_HELD_BYTES) this.#socket.pause();
  };

  readonly #onEnd = (): void => {
    this.#halfClosed = true;
    if (this.#caller === null && this.#held === null) this.#socket.end();
    else if (this.#caller?.begun) this.#socket.destroy();
    else if (this.#caller !== null) this.#askWhetherThere(this.#caller, 0);
  };

  /** As server/prepare/http-server.ts does, and why: who is gone answers an interim answer with a reset. */
  #askWhetherThere(caller: PlainCaller, times: number): void {
    if (this.#caller !== caller || caller.begun || this.#socket.destroyed) return;
    this.#socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
    const pauseMs = ASK_AGAIN_MS[times];
    if (pauseMs !== undefined) setTimeout(() => this.#askWhetherThere(caller, times + 1), pauseMs).unref();
  }

  readonly #onDrain = (): void => {
    if (this.#caller !== null) this.#caller.drained();
    else this.#takeHeld();
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#front.forget(this);
    this.#delivery?.abort();
  };

  #take(bytes: Buffer): void {
    const request = parsePlainRequest(bytes);
    const delivery = request === null ? null : this.#prepare(request);
    if (request === null || delivery === null) {
      this.#leave(bytes);
      return;
    }
    // Before it starts: it may be over at once.
    const left = bytes.length - request.next;
    this.#held = left > 0 ? bytes.subarray(request.next) : null;
    if (left <= MAX_HELD_BYTES / 2 && this.#socket.isPaused()) this.#socket.resume();
    this.#delivery = delivery;
    delivery.start();
  }

  /** The way of a request that needs no thought; null for one that is to be answered otherwise. */
  #prepare(request: PlainRequest): Delivery | null {
    const { entrance, context, routes } = this.#front;
    const host = entrance.readHost(request.host);
    if (host.kind !== "app") return null;
    const route = routes.find(host.slug);
    if (route === undefined || route instanceof Promise || route.draft === true || entrance.refusalOf(route, request.target) !== null)
      return null;
    const agent = findHeader(request.rawHeaders, "user-agent");
    if (agent !== undefined && isPreviewAgent(agent)) return null;
    const requestId = createRequestId(Date.now());
    const { headers, hx } = entrance.toHeaders({ rawHeaders: request.rawHeaders, headers: request, socket: this.#socket }, requestId);
    const caller = new PlainCaller(request, this.#socket, this);
    this.#caller = caller;
    return new Delivery(context, { caller, route, hostname: host.hostname, requestId, headers, hx });
  }

  onAnswered(): void {
    this.#caller = null;
    this.#delivery = null;
    this.#idleUntil = this.#front.now + KEEP_ALIVE_SECONDS;
    if (!this.goesOn) this.#socket.end();
    // Not at once: what was held may be answered at once too, and so on.
    else if (this.#held !== null && !this.#socket.writableNeedDrain) setImmediate(() => this.#takeHeld());
  }

  #takeHeld(): void {
    const bytes = this.#held;
    if (bytes === null || this.#caller !== null || this.#socket.destroyed) return;
    this.#held = null;
    this.#take(bytes);
  }

  #leave(bytes: Buffer): void {
    const socket = this.#socket;
    socket
      .off("data", this.#onData)
      .off("end", this.#onEnd)
      .off("drain", this.#onDrain)
      .off("error", this.#onError)
      .off("close", this.#onClose);
    this.#front.forget(this);
    if (socket.isPaused()) socket.resume();
    this.#passOn(socket, bytes);
    if (this.#halfClosed) socket.emit("end");
  }
}
