/**
 * `WS /api/apps/:app/logs/stream`: an app's lines as they are written, one JSON text frame each.
 * Opened with a ticket (`?ticket=`) or the bearer header; an `Origin` that is not our own is refused (a WebSocket knows no CORS).
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { AppError } from "#core/contract/problem.ts";
import { reportError, toAppError, toProblem } from "#server/http/errors.ts";
import { toHead } from "#server/http/response-head.ts";
import type { Services } from "#server/services.ts";

export interface LogStream {
  /** False when the address is not the log socket's. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

const path = /^\/api\/apps\/([^/?]+)\/logs\/stream(?:\?(.*))?$/;
/** A reader this far behind is cut off rather than kept in memory; it may come back and read what it missed. */
const mostBufferedBytes = 1_000_000;
const pingMs = 30_000;

export function createLogStream(services: Services): LogStream {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false });
  return {
    handleUpgrade(request, socket, head) {
      const match = path.exec(request.url ?? "");
      if (!match) return false;
      socket.on("error", () => socket.destroy());
      admit(services, request, decode(match[1]!), new URLSearchParams(match[2]))
        .then(({ ownerId, app }) => sockets.handleUpgrade(request, socket, head, (opened) => void pump(services, opened, ownerId, app)))
        .catch((thrown: unknown) => {
          const error = toAppError(thrown);
          reportError(error, services.logger, { path: "/api/apps/:app/logs/stream" });
          refuse(socket, error);
        });
      return true;
    },
  };
}

async function admit(
  { accounts, apps, config, logs }: Services,
  request: IncomingMessage,
  app: string,
  query: URLSearchParams,
): Promise<{ ownerId: string; app: string }> {
  if (request.headers.upgrade?.toLowerCase() !== "websocket")
    throw new AppError("invalid_input", "This address takes WebSocket connections only.");
  const { origin, authorization } = request.headers;
  if (origin !== undefined && origin !== new URL(config.publicUrl).origin)
    throw new AppError("bad_origin", `The log stream is opened from ${config.publicUrl} only.`);
  const ticket = query.get("ticket");
  if (ticket !== null) {
    const redeemed = await logs.redeemTicket(ticket);
    if (!redeemed) throw new AppError("unauthenticated", "The ticket was used or is older than 30 s. Ask for a new one.");
    // A ticket is for the app it was made for, whatever the address says.
    const { id } = await apps.findHost(redeemed.ownerId, app);
    if (id !== redeemed.appId) throw new AppError("not_found", "There is no such app.");
    return { ownerId: redeemed.ownerId, app: id };
  }
  const caller = authorization === undefined ? null : await accounts.findCaller(new Headers({ authorization }));
  if (!caller) throw new AppError("unauthenticated", "Send a ticket of POST /api/apps/:app/logs/ticket, or a token.");
  const { id } = await apps.findHost(caller.user.id, app);
  return { ownerId: caller.user.id, app: id };
}

async function pump({ logs, logger, stopping }: Services, socket: WebSocket, ownerId: string, app: string): Promise<void> {
  const closed = new AbortController();
  socket.on("error", () => closed.abort());
  socket.on("close", () => closed.abort());
  // Finds out about readers that went away without a word.
  let alive = true;
  socket.on("pong", () => (alive = true));
  const ping = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, pingMs);
  try {
    for await (const line of logs.follow(ownerId, app, AbortSignal.any([closed.signal, stopping]))) {
      if (socket.bufferedAmount > mostBufferedBytes) return socket.close(1013, "The reader is too slow");
      socket.send(JSON.stringify(line));
    }
    socket.close(1001, "The stream ended");
  } catch (thrown) {
    reportError(toAppError(thrown), logger);
    socket.close(1011, "The stream failed");
  } finally {
    clearInterval(ping);
  }
}

function refuse(socket: Duplex, error: AppError): void {
  const body = JSON.stringify(toProblem(error));
  const fields = ["content-type", "application/problem+json", "content-length", String(Buffer.byteLength(body)), "connection", "close"];
  socket.end(`${toHead(error.status, undefined, fields)}${body}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
