/**
 * The whole server as one module graph (the SSR input of the build): services, gateway, API and pages behind one listener.
 * A request's host is looked at first: an app's goes to the gateway, raw. Then the API, files, and pages last.
 */
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createRequestHandler } from "react-router";
import { clientAddressHeader } from "./accounts/auth.ts";
import { createApi } from "./api/index.ts";
import { readConfig } from "./config.ts";
import { createProxyTrust, toPlainAddress } from "./gateway/trust.ts";
import { stampClientAddress } from "./http/client-address.ts";
import { problemResponse, reportError, toAppError } from "./http/errors.ts";
import { createLogger } from "./http/logger.ts";
import { createPages, type PageHandler } from "./http/pages.ts";
import { createRequestId, inRequest } from "./http/request-context.ts";
import { commonHeaders, dataPolicy } from "./http/security.ts";
import { addStaticFiles } from "./http/static.ts";
import type { PlatformApp, StartOptions } from "./prepare/platform-app.ts";
import { createServices, type Services } from "./services.ts";

/** Starts everything. @throws Error when the environment, the database or a file is not usable; nothing is left running then. */
export async function start({ development }: StartOptions): Promise<PlatformApp> {
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.logLevel });
  const platform = await createServices(config, logger);
  const { services } = platform;
  try {
    const api = await createApi(services);
    const pages: PageHandler = createRequestHandler(() => import("virtual:react-router/server-build"), import.meta.env.MODE);
    const edge = getRequestListener(createEdge(services, api.app, pages, development).fetch, { overrideGlobalObjects: false });
    const isTrusted = createProxyTrust(config.trustedProxies);
    await platform.start();
    return {
      handleConnection: (socket, passOn) => services.gateway.handleConnection(socket, passOn),
      isAppHost: (host) => services.gateway.isAppHost(host),
      handleRequest(request, response, options) {
        if (services.gateway.isAppHost(request.headers.host)) return services.gateway.handleRequest(request, response, options);
        if (options?.continueUnsent) response.writeContinue();
        stampClientAddress(request, { header: clientAddressHeader, toPlainAddress, isTrusted });
        void edge(request, response);
      },
      handleUpgrade(request, socket, head) {
        if (services.gateway.isAppHost(request.headers.host)) {
          services.gateway.handleUpgrade(request, socket, head);
          return true;
        }
        return api.logStream.handleUpgrade(request, socket, head);
      },
      drain: () => platform.drain(),
      stop: () => platform.stop(),
      notices: platform.notices,
    };
  } catch (error) {
    await platform.stop().catch(() => undefined);
    throw error;
  }
}

function createEdge(services: Services, api: Hono, handler: PageHandler, development: boolean): Hono {
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
  app.all("*", createPages({ services, handler, development }));
  return app;
}
