import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { FrameBoundary, GOING_AWAY } from "./frames.ts";

/** How long a caller may take to close a WebSocket that it was told to close. */
const CLOSING_MS = 2_000;

/** What each side sent behind its head. */
export interface FirstBytes {
  caller: Buffer;
  app: Buffer;
}

/** A caller and an app that have switched protocols: bytes flow both ways untouched until either side ends, and are counted. */
export class Switched {
  readonly #caller: Duplex;
  readonly #app: Socket;
  /** Null for what is no WebSocket. */
  readonly #boundary: FrameBoundary | null;
  bytesIn = 0;
  bytesOut = 0;

  constructor(caller: Duplex, app: Socket, protocol: string) {
    this.#caller = caller;
    this.#app = app;
    this.#boundary = protocol.toLowerCase() === "websocket" ? new FrameBoundary() : null;
  }

  /** Joins them; the caller has been told of the switch. */
  join(first: FirstBytes): void {
    const [caller, app] = [this.#caller, this.#app];
    if (first.app.length > 0) caller.write(first.app);
    if (first.caller.length > 0) app.write(first.caller);
    this.bytesIn += first.caller.length;
    this.#count(first.app);
    app.setTimeout(0);
    app.setNoDelay(true);
    app.on("error", () => caller.destroy());
    caller.on("data", (chunk: Buffer) => (this.bytesIn += chunk.length));
    app.on("data", (chunk: Buffer) => this.#count(chunk));
    caller.pipe(app);
    app.pipe(caller);
    app.on("close", () => this.#onAppClosed());
    caller.on("close", () => app.destroy());
  }

  #count(fromApp: Buffer): void {
    this.bytesOut += fromApp.length;
    this.#boundary?.feed(fromApp);
  }

  /**
   * Tells a WebSocket that the platform goes away (1001), between two frames of the app; the caller's answer to that still reaches
   * the app. One that is in the middle of a frame, or is no WebSocket, is cut when the platform stops.
   */
  leave(): void {
    const [caller, app] = [this.#caller, this.#app];
    if (caller.writableEnded) return;
    if (this.#boundary?.between !== true) {
      app.once("data", () => this.leave());
      return;
    }
    app.unpipe(caller);
    caller.write(GOING_AWAY);
    // What the app still says has no place behind a close frame; its end is the caller's.
    app.resume().once("end", () => caller.end());
    // Who does not answer in time is not waited for.
    setTimeout(() => caller.destroy(), CLOSING_MS).unref();
  }

  /** After `pipe` has ended the caller's side behind the last byte, or where there was none, since the connection broke. */
  #onAppClosed(): void {
    if (!this.#app.readableEnded) {
      this.#caller.destroy();
      return;
    }
    // `pipe` has stopped reading with the app gone, and would miss that the caller leaves too.
    this.#caller.resume();
    setTimeout(() => this.#caller.destroy(), CLOSING_MS).unref();
  }
}
