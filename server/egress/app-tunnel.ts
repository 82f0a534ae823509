/**
 * Tunnels to other apps of this platform. Their bytes are not led to the gateway as they are: with a `Host` of its own choice a
 * tunnel would reach the platform's pages from an address that may be trusted there. They are read as HTTP and put together anew.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { toHead } from "#server/http/response-head.ts";
import { answer, forward, mostHeadBytes, startRequest, toUpstreamHeaders } from "./forward.ts";
import type { EgressLimits } from "./limits.ts";
import type { Target } from "./policy.ts";
import { failures } from "./refusal.ts";
import { join, refuseSocket } from "./sockets.ts";
import { createTurnstile } from "./turnstile.ts";

export interface AppTunnel {
  target: Target;
  /** Milliseconds until the calling app's next turn. */
  turn: () => number;
}

export interface AppTunnels {
  /** Takes over `client`, a tunnel that stands, whose first bytes are `head`. */
  serve(client: Socket, tunnel: AppTunnel, head: Buffer): void;
  close(): void;
}

/** @param connect a new connection to the gateway, or null while there is none. */
export function createAppTunnels(connect: (signal: AbortSignal) => Promise<Socket | null>, limits: EgressLimits): AppTunnels {
  const open = new WeakMap<Socket, AppTunnel>();
  const turnstile = createTurnstile();
  // It listens nowhere: connections are handed to it.
  const server: Server = createServer({ maxHeaderSize: mostHeadBytes, requireHostHeader: false, insecureHTTPParser: false });
  server.keepAliveTimeout = limits.keepAliveMs;
  // Later than the gateway's side, which is answered in words.
  server.timeout = 2 * limits.idleMs;

  const dialFor = async (client: Socket): Promise<Socket | null> => {
    const left = new AbortController();
    client.once("close", () => left.abort());
    const socket = await connect(left.signal);
    if (left.signal.aborted) socket?.destroy();
    return left.signal.aborted ? null : socket;
  };
  const serveRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { target, turn } = open.get(request.socket)!;
    if (!(await turnstile.enter(request, response, turn))) return;
    if (!request.url!.startsWith("/")) return answer(response, failures.badRequest("inside a tunnel a request names a path only"));
    const socket = await dialFor(request.socket);
    if (socket === null) return answer(response, failures.unavailable(target));
    forward(request, response, { socket, target, path: request.url!, forApp: true, idleMs: limits.idleMs });
  };
  const serveUpgrade = async (request: IncomingMessage, client: Socket, head: Buffer): Promise<void> => {
    client.on("error", () => client.destroy());
    const { target } = open.get(client)!;
    const socket = await dialFor(client);
    if (socket === null) return refuseSocket(client, failures.unavailable(target));
    upgrade(request, client, head, { socket, target, idleMs: limits.idleMs });
  };

  server.on("request", (request: IncomingMessage, response: ServerResponse) => void serveRequest(request, response));
  server.on("upgrade", (request: IncomingMessage, client, head: Buffer) => void serveUpgrade(request, client as Socket, head));
  server.on("clientError", (_error, client) => {
    if (client.writable) refuseSocket(client as Socket, failures.badRequest("apps of this platform are called by http:// in here"));
    else client.destroy();
  });
  return {
    serve(client, tunnel, head) {
      open.set(client, tunnel);
      if (head.length > 0) client.unshift(head);
      server.emit("connection", client);
    },
    close: () => server.closeAllConnections(),
  };
}

/** Passes an upgrade (WebSocket) on, and joins both sides when the app agrees. */
function upgrade(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  { socket, target, idleMs }: { socket: Socket; target: Target; idleMs: number },
): void {
  const headers = [...toUpstreamHeaders(request, target, true), "Connection", "Upgrade", "Upgrade", request.headers.upgrade ?? ""];
  const upstream = startRequest(request, socket, request.url!, headers);
  socket.setTimeout(idleMs, () => upstream.destroy());
  client.once("close", () => upstream.destroy());
  upstream.on("error", (error: NodeJS.ErrnoException) => {
    if (client.writable) refuseSocket(client, failures.upstreamFailed(target, error.code ?? "unknown"));
  });
  upstream.on("upgrade", (answered, upstreamSocket, upstreamHead: Buffer) => {
    client.write(toHead(answered.statusCode!, answered.statusMessage, answered.rawHeaders), "latin1");
    if (upstreamHead.length > 0) client.write(upstreamHead);
    if (head.length > 0) upstreamSocket.write(head);
    join(client, upstreamSocket as Socket, idleMs);
  });
  upstream.on("response", (answered) => {
    // A refusal: its body is framed by the end of the connection, whatever framed it before.
    const headers = answered.rawHeaders.filter(
      (_, index) => !/^(connection|transfer-encoding|keep-alive)$/i.test(answered.rawHeaders[index - (index % 2)]!),
    );
    client.write(toHead(answered.statusCode!, answered.statusMessage, [...headers, "Connection", "close"]), "latin1");
    answered.pipe(client);
    client.resume();
  });
  upstream.end();
}
