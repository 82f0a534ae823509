/**
 * What a process answers, by its roles. A request's host is looked at first: an app's goes to the gateway, raw; the platform's own to
 * the API, files and pages. What another role serves is refused in words; a health check is answered by every process.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { clientAddressHeader } from "./accounts/index.ts";
import { createApi, createHouse, type LogStream } from "./api/index.ts";
import { createProxyTrust, toPlainAddress } from "./gateway/trust.ts";
import { stampClientAddress } from "./http/client-address.ts";
import { problemResponse, reportError, toAppError } from "./http/errors.ts";
import { createPages, type PageHandler } from "./http/pages.ts";
import { createRequestId, inRequest } from "./http/request-context.ts";
import { toHead } from "./http/response-head.ts";
import { commonHeaders, dataPolicy } from "./http/security.ts";
import { addStaticFiles } from "./http/static.ts";
import type { PlatformApp } from "./prepare/platform-app.ts";
import type { Services } from "./services.ts";

export interface FaceOptions {
  pages: PageHandler;
  development: boolean;
}

type Face = Pick<PlatformApp, "handleConnection" | "handleRequest" | "handleUpgrade" | "isAppHost">;

/** Makes what answers; collections of the API exist when this resolves. */
export async function createFace(services: Services, options: FaceOptions): Promise<Face> {
  const { config, gateway } = services;
  const isWeb = config.duties.includes("web");
  const isGateway = config.duties.includes("gateway");
  const api = isWeb ? await createApi(services) : null;
  const edge = listener(api ? createEdge(services, api.app, options) : createHouse(services));
  const isTrusted = createProxyTrust(config.trustedProxies);
  /** The words for a host that another role serves; null where this one does. */
  const misdirected = (forApp: boolean): string | null => {
    if (forApp) return isGateway ? null : `Apps are served by the platform's gateways (ROLE=gateway); this process is ROLE=${config.role}.`;
    return isWeb ? null : `The platform's pages and API are served at ${config.publicUrl} (ROLE=web); this process is ROLE=${config.role}.`;
  };
  const answerEdge = (request: IncomingMessage, response: ServerResponse): void => {
    stampClientAddress(request, { header: clientAddressHeader, toPlainAddress, isTrusted });
    void edge(request, response);
  };

  return {
    ...(isGateway ? { handleConnection: (socket, passOn) => gateway.handleConnection(socket, passOn) } : {}),
    isAppHost: (host) => gateway.isAppHost(host),
    handleRequest(request, response, given) {
      const forApp = gateway.isAppHost(request.headers.host);
      if (isForProcess(request, config, forApp)) return answerEdge(request, response);
      const refusal = misdirected(forApp);
      if (refusal !== null) return refuse(request, response, refusal);
      if (forApp) return gateway.handleRequest(request, response, given);
      if (given?.continueUnsent) response.writeContinue();
      answerEdge(request, response);
    },
    handleUpgrade: (request, socket, head) => {
      const forApp = gateway.isAppHost(request.headers.host);
      const refusal = misdirected(forApp);
      if (refusal !== null) return refuseUpgrade(socket, refusal);
      if (!forApp) return claim(api?.logStream, request, socket, head);
      gateway.handleUpgrade(request, socket, head);
      return true;
    },
  };
}

const listener = (app: Hono) => getRequestListener(app.fetch, { overrideGlobalObjects: false });

const claim = (stream: LogStream | undefined, request: IncomingMessage, socket: Duplex, head: Buffer): boolean =>
  stream?.handleUpgrade(request, socket, head) ?? false;

const housePath = /^\/(healthz|readyz|metrics)(\?|$)/;

/**
 * Orchestrators and scrapers ask a process itself: on a cluster by its number, which is no host that visitors use, and where there are
 * no pages by any host but an app's.
 */
function isForProcess({ url = "", headers }: IncomingMessage, { cluster, duties }: Services["config"], forApp: boolean): boolean {
  if (cluster === undefined || !housePath.test(url)) return false;
  const name = (headers.host ?? "").replace(/:\d*$/, "").replace(/^\[|\]$/g, "");
  return isIP(name) !== 0 || !forApp || !(duties.includes("web") || duties.includes("gateway"));
}

/** 421: the same request is right at another process (RFC 9110, 15.5.20). */
function refuse(request: IncomingMessage, response: ServerResponse, words: string): void {
  request.resume();
  const text = `${words}\n`;
  response.writeHead(421, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : text);
}

function refuseUpgrade(socket: Duplex, words: string): true {
  const text = `${words}\n`;
  socket.on("error", () => socket.destroy());
  const fields = ["content-type", "text/plain; charset=utf-8", "content-length", String(Buffer.byteLength(text)), "connection", "close"];
  socket.end(`${toHead(421, undefined, fields)}${text}`);
  return true;
}

function createEdge(services: Services, api: Hono, { pages, development }: FaceOptions): Hono {
  const { config, logger } = services;
  const common = Object.entries(commonHeaders(config.publicUrl));
  const app = new Hono();
  app.use("*", (c, next) => {
    const requestId = createRequestId();
    return inRequest(requestId, async () => {
      const startedAt = performance.now();
      await next();
      c.res.headers.set("x-request-id", requestId);
      for (const [name, value] of common) c.res.headers.set(name, value);
      if (!c.res.headers.has("content-security-policy")) c.res.headers.set("content-security-policy", dataPolicy);
      logger.debug("answered", {
        method: c.req.method,
        path: c.req.path,
        status: c.res.status,
        ms: Math.round(performance.now() - startedAt),
      });
    });
  });
  app.onError((thrown, c) => {
    const error = toAppError(thrown);
    reportError(error, logger, { method: c.req.method, path: c.req.path });
    return problemResponse(error);
  });
  app.route("/", api);
  // In development Vite serves them, before we are asked.
  if (!development) addStaticFiles(app, join(config.rootDir, "build/client"));
  app.all("*", createPages({ services, handler: pages, development }));
  return app;
}
