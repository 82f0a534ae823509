/** The proxy that one instance speaks to: reads what the app asks for, has it decided, and leads it on or says why not. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { AppTunnels } from "./app-tunnel.ts";
import { answer, forward, mostHeadBytes } from "./forward.ts";
import type { EgressLimits } from "./limits.ts";
import { parseAbsoluteForm, parseAuthority, type Target } from "./policy.ts";
import { failures, type Refusal } from "./refusal.ts";
import { join, refuseSocket } from "./sockets.ts";
import { createTurnstile, type Turnstile } from "./turnstile.ts";

/** Where a target is led: `app` is one of this platform's own, whose requests are read one by one. */
export type Led = { socket: Socket; forApp: boolean } | { forApp: true; socket: null } | { refusal: Refusal };

export interface Guide {
  /** Decides and connects. `tunnel`: bytes of any protocol are to follow, and not one request. `surplus`: of one connection too many. */
  lead(target: Target, tunnel: boolean, surplus: boolean, signal: AbortSignal): Promise<Led>;
  /** Milliseconds until the app's next turn. */
  turn(): number;
}

/** The answer of a proxy to a tunnel that stands. */
const established = "HTTP/1.1 200 Connection established\r\n\r\n";

/** Makes what serves the connections of one app. `surplus`: one too many, whose request is answered so. */
export function createProxy(guide: Guide, tunnels: AppTunnels, limits: EgressLimits): (socket: Socket, surplus: boolean) => void {
  const heads = new WeakMap<Socket, NodeJS.Timeout>();
  const surpluses = new WeakSet<Socket>();
  const turnstile = createTurnstile();
  // It listens nowhere: connections are handed to it.
  const server = createServer({
    maxHeaderSize: mostHeadBytes,
    keepAliveTimeout: limits.keepAliveMs,
    // `Host` is not believed but made from what was checked, so that its absence (HTTP/1.0 tunnels of older clients) does no harm.
    requireHostHeader: false,
    insecureHTTPParser: false,
  });
  // Later than the other side's idle time, which is answered in words.
  server.timeout = 2 * limits.idleMs;
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    clearTimeout(heads.get(request.socket));
    void serveRequest({ guide, limits, turnstile, surplus: surpluses.has(request.socket) }, request, response);
  });
  server.on("connect", (request: IncomingMessage, stream, head: Buffer) => {
    // Of a server that was handed sockets, the stream is one of them.
    const socket = stream as Socket;
    clearTimeout(heads.get(socket));
    void serveTunnel({ guide, tunnels, limits, surplus: surpluses.has(socket) }, request, socket, head);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const what = error.code === "HPE_HEADER_OVERFLOW" ? `its headers are larger than ${mostHeadBytes} bytes` : "it is no HTTP/1.1";
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else refuseSocket(socket as Socket, failures.badRequest(what));
  });
  return (socket, surplus) => {
    if (surplus) surpluses.add(socket);
    const late = setTimeout(() => socket.destroy(), limits.headMs).unref();
    heads.set(socket, late);
    socket.once("close", () => clearTimeout(late));
    server.emit("connection", socket);
    socket.resume();
  };
}

async function serveRequest(
  { guide, limits, turnstile, surplus }: { guide: Guide; limits: EgressLimits; turnstile: Turnstile; surplus: boolean },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!(await turnstile.enter(request, response, guide.turn))) return;
  const wanted = parseAbsoluteForm(request.url!);
  if (!wanted) return answer(response, failures.badRequest(explainForm(request.url!)));
  const left = new AbortController();
  response.once("close", () => left.abort());
  const led = await guide.lead(wanted.target, false, surplus, left.signal);
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
  { guide, tunnels, limits, surplus }: { guide: Guide; tunnels: AppTunnels; limits: EgressLimits; surplus: boolean },
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
): Promise<void> {
  client.on("error", () => client.destroy());
  const target = parseAuthority(request.url!);
  if (!target) return refuseSocket(client, failures.badRequest("CONNECT takes host:port"));
  const left = new AbortController();
  client.once("close", () => left.abort());
  const led = await guide.lead(target, true, surplus, left.signal);
  if ("refusal" in led) return refuseSocket(client, led.refusal);
  if (left.signal.aborted) return void led.socket?.destroy();
  client.write(established);
  if (led.socket === null) return tunnels.serve(client, { target, turn: guide.turn }, head);
  if (head.length > 0) led.socket.write(head);
  join(client, led.socket, limits.idleMs);
}
