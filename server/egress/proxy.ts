/** The proxy that one instance speaks to: reads what the app asks for, has it decided, and leads it on or says why not. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { AppTunnels } from "./app-tunnel.ts";
import { answer, forward, mostHeadBytes } from "./forward.ts";
import type { EgressLimits } from "./limits.ts";
import { parseAbsoluteForm, parseAuthority, type Target } from "./policy.ts";
import { failures, type Refusal } from "./refusal.ts";
import { join, refuseSocket } from "./sockets.ts";

/** Where a target is led: `app` is one of this platform's own, whose requests are read one by one. */
export type Led = { socket: Socket; forApp: boolean } | { forApp: true; socket: null } | { refusal: Refusal };

export interface Guide {
  /** Decides and connects. `tunnel`: bytes of any protocol are to follow, and not one request. */
  lead(target: Target, tunnel: boolean, client: Socket, signal: AbortSignal): Promise<Led>;
}

/** The answer of a proxy to a tunnel that stands. */
const established = "HTTP/1.1 200 Connection established\r\n\r\n";

/** Makes the server, which does not listen yet. */
export function createProxyServer(guide: Guide, tunnels: AppTunnels, limits: EgressLimits): Server {
  const server = createServer({
    maxHeaderSize: mostHeadBytes,
    headersTimeout: limits.headMs,
    connectionsCheckingInterval: limits.headMs / 3,
    // Uploads take as long as they take; what stands still ends by the idle time.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    // `Host` is not believed but made from what was checked, so that its absence (HTTP/1.0 tunnels of older clients) does no harm.
    requireHostHeader: false,
    insecureHTTPParser: false,
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => void serveRequest(guide, limits, request, response));
  server.on("connect", (request: IncomingMessage, socket, head: Buffer) => {
    // Of a server that listens for connections, the stream is their socket.
    void serveTunnel(guide, tunnels, limits, request, socket as Socket, head);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const what = error.code === "HPE_HEADER_OVERFLOW" ? `its headers are larger than ${mostHeadBytes} bytes` : "it is no HTTP/1.1";
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else refuseSocket(socket as Socket, failures.badRequest(what));
  });
  return server;
}

async function serveRequest(guide: Guide, limits: EgressLimits, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const wanted = parseAbsoluteForm(request.url!);
  if (!wanted) return answer(response, failures.badRequest(explainForm(request.url!)));
  const left = new AbortController();
  response.once("close", () => left.abort());
  const led = await guide.lead(wanted.target, false, request.socket, left.signal);
  if ("refusal" in led) return answer(response, led.refusal);
  if (left.signal.aborted || led.socket === null) return void led.socket?.destroy();
  forward(request, response, { ...led, ...wanted, idleMs: limits.idleMs });
}

function explainForm(url: string): string {
  if (/^https:/i.test(url)) return "https goes through CONNECT, so that only you and the other side can read it";
  if (/^http:\/\/[^/?#]*@/i.test(url)) return "user name and password belong into the Authorization header, not into the address";
  return "it must be CONNECT host:port, or name the whole address as in GET http://example.com/";
}

async function serveTunnel(
  guide: Guide,
  tunnels: AppTunnels,
  limits: EgressLimits,
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
): Promise<void> {
  client.on("error", () => client.destroy());
  const target = parseAuthority(request.url!);
  if (!target) return refuseSocket(client, failures.badRequest("CONNECT takes host:port"));
  const left = new AbortController();
  client.once("close", () => left.abort());
  const led = await guide.lead(target, true, client, left.signal);
  if ("refusal" in led) return refuseSocket(client, led.refusal);
  if (left.signal.aborted) return void led.socket?.destroy();
  client.write(established);
  if (led.socket === null) return tunnels.serve(client, target, head);
  if (head.length > 0) led.socket.write(head);
  join(client, led.socket, limits.idleMs);
}
