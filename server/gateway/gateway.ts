import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Runtime } from "#server/runtime/runtime.ts";
import { AppTable } from "./apps.ts";
import { acceptsHtml, HttpCaller } from "./caller.ts";
import { Delivery } from "./delivery.ts";
import type { DeliveryContext } from "./delivery.ts";
import { toAppHeaders } from "./headers.ts";
import { createHostReader } from "./host.ts";
import { createRequestId } from "./ids.ts";
import { createInternalForward } from "./internal-forward.ts";
import type { InternalAnswer, InternalRequest } from "./internal.ts";
import { defaultLimits } from "./limits.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import { toRefusalRecord } from "./record.ts";
import type { RequestRecord } from "./record.ts";
import { refusals, toAnswer } from "./refusal.ts";
import type { GatewayAnswer, GatewayCode, Refusal } from "./refusal.ts";
import type { Route, RouteTable } from "./route.ts";
import { createSleeper } from "./sleeper.ts";
import { checkRequest, isReservedPath, toTarget } from "./target.ts";
import { createProxyTrust, toPlainAddress } from "./trust.ts";
import { answerOnSocket, UpgradeDelivery } from "./upgrade.ts";

export interface GatewayOptions {
  routes: RouteTable;
  runtime: Runtime;
  /** Must return at once and never throw. */
  recordRequest: (record: RequestRecord) => void;
  publicUrl: string;
  appsDomain: string;
  /** Addresses or CIDR ranges whose `X-Forwarded-*` is believed. */
  trustedProxies: readonly string[];
  /** For apps whose route does not say. */
  sleepAfterDefaultMs: number;
  logger: Logger;
  /** Told of each answer that the gateway gives itself: the platform's counters. Must return at once and never throw. */
  onRefused?: (code: GatewayCode) => void;
  /** The apps that had inbound work since the last call, with the time of the latest. A failure is reported again. */
  onActivity?: (activity: Map<string, Date>) => void | Promise<void>;
  limits?: Partial<GatewayLimits>;
  /** How often idle apps are looked for and activity is reported; 5 s. */
  sweepEveryMs?: number;
}

export interface Gateway {
  /**
   * Whether a request for `host` is for `handleRequest`: all hosts but that of PUBLIC_URL and this machine's own numbers and
   * `localhost`, which the platform leads to PUBLIC_URL and answers health checks on. A host that is no app's gets the 404 page.
   */
  isAppHost(host: string | undefined): boolean;
  /**
   * Answers a request of an app's host. `continueUnsent` is for node's `checkContinue` event: the caller of
   * `Expect: 100-continue` is told to send its body when the app is there to take it, and not before.
   */
  handleRequest(req: IncomingMessage, res: ServerResponse, options?: { continueUnsent?: boolean }): void;
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A request by the platform itself (the test panel): waits for the app like any other, reaches only this one, is recorded. */
  forwardInternal(request: InternalRequest): Promise<InternalAnswer>;
  start(): void;
  /** Ends open connections and reports the last activity. Requests that come later are refused. */
  stop(): Promise<void>;
}

const SWEEP_EVERY_MS = 5_000;

export function createGateway(options: GatewayOptions): Gateway {
  const { routes, runtime, logger } = options;
  const limits: GatewayLimits = { ...defaultLimits, ...options.limits };
  const apps = new AppTable(runtime, limits, logger);
  const onRefused = options.onRefused ?? (() => {});
  const refuse = (refusal: Refusal, requestId: string, wantsHtml: boolean): GatewayAnswer => {
    onRefused(refusal.code);
    return toAnswer(refusal, requestId, wantsHtml);
  };
  const context: DeliveryContext = { apps, runtime, limits, record: options.recordRequest, refuse, onRefused };
  const readHost = createHostReader(options);
  const isTrusted = createProxyTrust(options.trustedProxies);
  const publicUrl = new URL(options.publicUrl);
  const protocol = publicUrl.protocol === "https:" ? "https" : "http";
  const sleeper = createSleeper({ ...options, apps, onActivity: options.onActivity, sweepEveryMs: options.sweepEveryMs ?? SWEEP_EVERY_MS });
  const open = new Set<UpgradeDelivery>();
  let stopped = false;

  const toHeaders = (req: IncomingMessage, requestId: string) => {
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
  };

  /** Says why `route` gets no request, or null. */
  const refusalOf = (route: Route | undefined, target: string): Refusal | null => {
    if (route === undefined) return refusals.unknownHost();
    if (isReservedPath(target)) return refusals.reservedPath();
    if (stopped) return refusals.stopping();
    if (route.state === "stopped") return refusals.stopped(route.reason);
    if (route.state === "never") return refusals.neverDeployed();
    return null;
  };

  const recordRefusal = (route: Route, req: { method: string; target: string }, id: string, status: number, hx: Record<string, string>) => {
    options.recordRequest(toRefusalRecord(route.appId, req, id, status, hx));
  };

  const deliver = (
    req: IncomingMessage,
    res: ServerResponse,
    route: Route | undefined,
    target: string,
    hostname: string,
    continueUnsent: boolean,
  ) => {
    const requestId = createRequestId(Date.now());
    const caller = new HttpCaller(req, res, target, continueUnsent);
    const { headers, hx } = toHeaders(req, requestId);
    const refusal = refusalOf(route, target);
    if (refusal !== null || route === undefined) {
      const answer = refusal ?? refusals.unknownHost();
      caller.refuse(context.refuse(answer, requestId, caller.wantsHtml));
      if (route !== undefined) recordRefusal(route, caller, requestId, answer.status, hx);
      return;
    }
    const delivery = new Delivery(context, { caller, route, hostname, requestId, headers, hx });
    res.on("close", () => delivery.abort());
    delivery.start();
  };

  const refuseRequest = (req: IncomingMessage, res: ServerResponse, refusal: Refusal) => {
    new HttpCaller(req, res, "/", false).refuse(context.refuse(refusal, createRequestId(Date.now()), acceptsHtml(req)));
  };

  const lookUp = (slug: string, then: (route: Route | undefined) => void, failed: () => void) => {
    const found = routes.find(slug);
    if (!(found instanceof Promise)) then(found);
    else {
      found.then(then, (error: unknown) => {
        logger.error("the route of an app could not be read", { slug, error });
        failed();
      });
    }
  };

  return {
    isAppHost(host) {
      const { kind } = readHost(host);
      return kind === "app" || kind === "unknown";
    },

    handleRequest(req, res, { continueUnsent = false } = {}) {
      const host = readHost(req.headers.host);
      const target = toTarget(req.url ?? "/", req.headers.host ?? "");
      const problem = target === null ? refusals.badRequest("Its address and its host do not agree.") : checkRequest(req);
      if (target === null || problem !== null) refuseRequest(req, res, problem ?? refusals.unknownHost());
      else if (host.kind === "app") {
        lookUp(
          host.slug,
          (route) => deliver(req, res, route, target, host.hostname, continueUnsent),
          () => refuseRequest(req, res, refusals.noRoom()),
        );
      } else refuseRequest(req, res, refusals.unknownHost());
    },

    handleUpgrade(req, socket, head) {
      const host = readHost(req.headers.host);
      const target = toTarget(req.url ?? "/", req.headers.host ?? "");
      const requestId = createRequestId(Date.now());
      const wantsHtml = acceptsHtml(req);
      const refuse = (refusal: Refusal) => answerOnSocket(socket, context.refuse(refusal, requestId, wantsHtml));
      socket.on("error", () => socket.destroy());
      const problem =
        target === null ? refusals.badRequest("Its address and its host do not agree.") : checkRequest(req, { upgrade: true });
      if (target === null || problem !== null) return refuse(problem ?? refusals.unknownHost());
      if (host.kind !== "app") return refuse(refusals.unknownHost());
      lookUp(
        host.slug,
        (route) => {
          const { headers, hx } = toHeaders(req, requestId);
          const refusal = refusalOf(route, target);
          if (refusal !== null || route === undefined) {
            const answer = refusal ?? refusals.unknownHost();
            if (route !== undefined) recordRefusal(route, { method: req.method ?? "GET", target }, requestId, answer.status, hx);
            return refuse(answer);
          }
          const isWebSocket = req.headers.upgrade?.toLowerCase() === "websocket";
          const delivery = new UpgradeDelivery(context, {
            req,
            socket,
            head,
            target,
            wantsHtml,
            route,
            hostname: host.hostname,
            requestId,
            headers,
            hx,
            // Others, such as curl's offer of h2c, may be ignored (RFC 9110, 7.8): the answer is plain HTTP/1.1.
            protocol: isWebSocket ? "websocket" : null,
          });
          open.add(delivery);
          socket.on("close", () => open.delete(delivery));
          delivery.start();
        },
        () => refuse(refusals.noRoom()),
      );
    },

    forwardInternal: createInternalForward({ context, routes, publicUrl, appsDomain: options.appsDomain, refusalOf }),

    start: () => sleeper.start(),

    async stop() {
      stopped = true;
      for (const delivery of open) delivery.destroy();
      await sleeper.stop();
      apps.close();
    },
  };
}
