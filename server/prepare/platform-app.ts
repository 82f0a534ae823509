/** What the bootstrap (`server/main.ts`) and the platform itself (`server/app.ts`) know of each other. Types only: they live in two module graphs. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TakeConnection } from "./connections.ts";

export interface StartOptions {
  /** Vite serves modules and assets; nothing is read from `build/`. */
  development: boolean;
}

export interface PlatformApp {
  /** Sees new connections first; optional, since everything works without it. */
  handleConnection?: TakeConnection;
  /** `continueUnsent`: the caller waits for `100 Continue` before it sends its body. */
  handleRequest(request: IncomingMessage, response: ServerResponse, options?: { continueUnsent?: boolean }): void;
  /** False when nobody claims the upgrade. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** The `Host` header leads to an app, so that nothing of the platform (Vite included) may look at the request. */
  isAppHost(host: string | undefined): boolean;
  /** Ends what would hold up a stop: the platform's own streams and WebSockets now, apps' streams after a while. Requests go on. */
  drain?(): void;
  /** Ends streams, apps and connections, and resolves when nothing is left. */
  stop(): Promise<void>;
  /** Lines for the terminal about what this installation can and cannot do, such as how apps are isolated. */
  notices?: readonly string[];
}

/** The exports of `server/app.ts`. */
export interface PlatformModule {
  start(options: StartOptions): Promise<PlatformApp>;
}
