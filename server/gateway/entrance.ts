import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { DeliveryContext } from "./delivery.ts";
import { toAppHeaders } from "./headers.ts";
import type { AppHeaders } from "./headers.ts";
import { createHostReader, toHostname } from "./host.ts";
import type { HostTarget } from "./host.ts";
import type { Logger } from "./logger.ts";
import { toRefusalRecord } from "./record.ts";
import { refusals } from "./answers/refusal.ts";
import type { Refusal } from "./answers/refusal.ts";
import type { Route, RouteTable } from "./route.ts";
import { checkRequest, isReservedPath, toTarget } from "./target.ts";
import { createProxyTrust, toPlainAddress } from "./trust.ts";

export interface EntranceOptions {
  routes: RouteTable;
  publicUrl: string;
  appsDomain: string;
  trustedProxies: readonly string[];
  logger: Logger;
}

/** A request whose form is fine and whose host is an app's, as far as its name tells. */
export interface Arrival {
  slug: string;
  hostname: string;
  target: string;
}

/** What of a request the app's headers are made of. */
export interface RequestHead {
  rawHeaders: string[];
  headers: { host?: string | undefined };
  socket: Socket;
}

/** What a request and an upgrade have in common before they are delivered: where they lead, whether they may, what the app is told. */
export interface Entrance {
  readHost(host: string | undefined): HostTarget;
  /** @param slug the app, where the connection and not the host says which. */
  arrive(req: IncomingMessage, options: { slug?: string | undefined; upgrade?: boolean }): Arrival | Refusal;
  lookUp(slug: string, then: (route: Route | undefined) => void, failed: () => void): void;
  /** Says why `route` gets no request, or null. */
  refusalOf(route: Route | undefined, target: string): Refusal | null;
  recordRefusal(
    route: Route | undefined,
    request: { method: string; target: string },
    id: string,
    status: number,
    hx: AppHeaders["hx"],
  ): void;
  toHeaders(req: RequestHead, requestId: string): AppHeaders;
  /** From now on every request is refused. */
  close(): void;
}

export function createEntrance(options: EntranceOptions, context: DeliveryContext): Entrance {
  const { routes, logger } = options;
  const readHost = createHostReader(options);
  const isTrusted = createProxyTrust(options.trustedProxies);
  const protocol = options.publicUrl.startsWith("https:") ? "https" : "http";
  let closed = false;

  return {
    readHost,

    arrive(req, { slug, upgrade = false }) {
      const host = req.headers.host ?? "";
      const target = toTarget(req.url ?? "/", host);
      if (target === null) return refusals.badRequest("Its address and its host do not agree.");
      const problem = checkRequest(req, { upgrade });
      if (problem !== null) return problem;
      if (slug !== undefined) return { slug, hostname: toHostname(host), target };
      const found = readHost(req.headers.host);
      return found.kind === "app" ? { slug: found.slug, hostname: found.hostname, target } : refusals.unknownHost();
    },

    lookUp(slug, then, failed) {
      const found = routes.find(slug);
      if (!(found instanceof Promise)) then(found);
      else {
        found.then(then, (error: unknown) => {
          logger.error("the route of an app could not be read", { slug, error });
          failed();
        });
      }
    },

    refusalOf(route, target) {
      if (route === undefined) return refusals.unknownHost();
      if (isReservedPath(target)) return refusals.reservedPath();
      if (closed) return refusals.stopping();
      if (route.state === "stopped") return refusals.stopped(route.reason);
      if (route.state === "never") return refusals.neverDeployed();
      return null;
    },

    recordRefusal(route, request, id, status, hx) {
      // The platform's own paths are not the app's: who looks whether its host can be reached leaves no trace among its requests.
      if (route !== undefined && !isReservedPath(request.target)) context.record(toRefusalRecord(route.appId, request, id, status, hx));
    },

    toHeaders(req, requestId) {
      const peer = toPlainAddress(req.socket.remoteAddress);
      const encrypted = "encrypted" in req.socket && req.socket.encrypted === true;
      return toAppHeaders({
        rawHeaders: req.rawHeaders,
        requestId,
        peer,
        trusted: isTrusted(peer),
        protocol: encrypted ? "https" : protocol,
        host: req.headers.host ?? "",
      });
    },

    close() {
      closed = true;
    },
  };
}
