/** One request on its way: taken apart by node:http and put together anew, so that only one reading of it exists. */
import { request as httpRequest, STATUS_CODES, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { toHostHeader, type Target } from "./policy.ts";
import { failures, toAnswer, type Refusal } from "./refusal.ts";

/** About one connection and not the message (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** More than any API answers with; Node's own default of 16 KB is less than some that set many cookies. */
export const mostHeadBytes = 64 * 1024;

/** Whom a caller says it speaks for: to the gateway an app is not a proxy in front of it, wherever it runs. */
const claims = /^(forwarded|x-forwarded-.*|x-real-ip|x-fp-.*)$/;

/** `rawHeaders` less what is about the connection, what `Connection` names and what the caller of this replaces. */
function passedOn(rawHeaders: readonly string[], replaced: RegExp): string[] {
  const named = new Set(hopByHop);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.toLowerCase() === "connection")
      for (const name of rawHeaders[i + 1]!.split(",")) named.add(name.trim().toLowerCase());
  }
  const passed: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    // The length frames the message: no `Connection` header may take it away.
    if (name === "content-length" || (!named.has(name) && !replaced.test(name))) passed.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return passed;
}

/** The headers for the other side. `forApp`: it is an app of this platform, behind the gateway. */
export function toUpstreamHeaders(request: IncomingMessage, target: Target, forApp: boolean): string[] {
  const headers = ["Host", toHostHeader(target, 80), ...passedOn(request.rawHeaders, /^(host|expect)$/)];
  const kept = forApp ? withoutClaims(headers) : headers;
  if (request.headers["transfer-encoding"] !== undefined) kept.push("Transfer-Encoding", "chunked");
  else if (request.headers["content-length"] === undefined && !/^(GET|HEAD|OPTIONS|DELETE|TRACE)$/.test(request.method!)) {
    kept.push("Content-Length", "0");
  }
  return kept;
}

function withoutClaims(headers: readonly string[]): string[] {
  return headers.filter((_, index) => !claims.test(headers[index - (index % 2)]!.toLowerCase()));
}

/** Sends `request` over `socket`, which is connected, and answers with what comes back. Bodies stream in both directions. */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { socket, target, path, forApp, idleMs }: { socket: Socket; target: Target; path: string; forApp: boolean; idleMs: number },
): void {
  let upstream: ClientRequest;
  try {
    upstream = startRequest(request, socket, path, toUpstreamHeaders(request, target, forApp));
  } catch {
    socket.destroy();
    answer(response, failures.badRequest("its address has characters that no URL has"));
    return;
  }
  let timedOut = false;
  socket.setTimeout(idleMs, () => {
    timedOut = true;
    upstream.destroy();
  });
  upstream.on("error", (error: NodeJS.ErrnoException) => {
    if (response.headersSent) response.destroy();
    else answer(response, timedOut ? failures.noAnswer(target) : failures.upstreamFailed(target, error.code ?? "unknown"));
  });
  upstream.on("response", (incoming) => {
    response.sendDate = false;
    response.writeHead(incoming.statusCode!, incoming.statusMessage, passedOn(incoming.rawHeaders, /^$/));
    pipeline(incoming, response, (error) => {
      if (error) upstream.destroy();
    });
  });
  // A caller that leaves takes its request along.
  response.on("close", () => upstream.destroy());
  // Not a pipeline: that would take the caller's socket down with the other side, and with it our words.
  request.pipe(upstream);
}

/** Begins a request on `socket` alone. @throws TypeError when `path` or a header is not fit to be sent. */
export function startRequest(request: IncomingMessage, socket: Socket, path: string, headers: string[]): ClientRequest {
  return httpRequest({
    createConnection: () => socket,
    method: request.method!,
    path,
    headers,
    setHost: false,
    maxHeaderSize: mostHeadBytes,
    insecureHTTPParser: false,
  });
}

/** Says why there is no other answer; nothing when one has begun. */
export function answer(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  const { headers, body } = toAnswer(refusal);
  response.sendDate = false;
  response.writeHead(refusal.status, STATUS_CODES[refusal.status], headers);
  response.end(response.req.method === "HEAD" ? undefined : body);
}
