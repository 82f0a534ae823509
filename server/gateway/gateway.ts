import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Runtime } from "#server/runtime/runtime.ts";
import { AppTable } from "./apps.ts";
import { createBodyWatch } from "./visitor/bodies.ts";
import { createDraftDoor } from "./drafts.ts";
import type { DraftAccess } from "./drafts.ts";
import type { Delivery, DeliveryContext } from "./delivery.ts";
import { createEntrance } from "./entrance.ts";
import { createFront } from "./visitor/front.ts";
import type { PassOn } from "./visitor/front.ts";
import { createInternalForward } from "./platform/internal-forward.ts";
import type { InternalAnswer, InternalRequest } from "./platform/internal.ts";
import { defaultLimits } from "./limits.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { RequestRecord } from "./record.ts";
import { toAnswer } from "./answers/refusal.ts";
import type { GatewayAnswer, GatewayCode, Refusal } from "./answers/refusal.ts";
import { createRequestHandler } from "./requests.ts";
import type { RouteTable } from "./route.ts";
import { createSleeper } from "./sleeper.ts";
import type { UpgradeDelivery } from "./websocket/upgrade.ts";
import { createUpgradeHandler } from "./websocket/upgrades.ts";

export interface GatewayOptions {
  routes: RouteTable;
  runtime: Runtime;
  /** Must return at once and never throw. */
  recordRequest: (record: RequestRecord) => void;
  publicUrl: string;
  appsDomain: string;
  /** Host and port at which an app's visitors find it; a name under `appsDomain` with PUBLIC_URL's port unless given. */
  hostOf?: (slug: string) => string;
  /** Addresses or CIDR ranges whose `X-Forwarded-*` is believed. */
  trustedProxies: readonly string[];
  /** For apps whose route does not say. */
  sleepAfterDefaultMs: number;
  logger: Logger;
  /** Who is let in to drafts; nobody unless given. */
  drafts?: DraftAccess;
  /** Told of each answer that the gateway gives itself: the platform's counters. Must return at once and never throw. */
  onRefused?: (code: GatewayCode) => void;
  /** The apps that had inbound work since the last call, with the time of the latest. A failure is reported again. */
  onActivity?: (activity: Map<string, Date>) => void | Promise<void>;
  limits?: Partial<GatewayLimits>;
  /** Whether idle apps are put to sleep here, the rule; else they are only reported as active, and somebody else decides. */
  putsToSleep?: boolean;
  /** How often idle apps are looked for and activity is reported; 5 s. */
  sweepEveryMs?: number;
}

export interface RequestOptions {
  /** For node's `checkContinue` event: the caller is told to send its body when the app is there to take it, and not before. */
  continueUnsent?: boolean;
  /** The slug of the app, where the connection says which and not the host. */
  app?: string;
}

export interface Gateway {
  /**
   * Whether a request for `host` is for `handleRequest`: all hosts but that of PUBLIC_URL and this machine's own numbers and
   * `localhost`, which the platform leads to PUBLIC_URL and answers health checks on. A host that is no app's gets the 404 page.
   */
  isAppHost(host: string | undefined): boolean;
  /**
   * Takes a new connection: answers the plain requests that come over it on the spot, and gives it to `passOn`, with what was read
   * of it, with the first request that is anything else. Without it everything works as well, and costs a third more.
   */
  handleConnection(socket: Socket, passOn: PassOn): void;
  /** Answers a request of an app's host. */
  handleRequest(req: IncomingMessage, res: ServerResponse, options?: RequestOptions): void;
  handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, options?: Pick<RequestOptions, "app">): void;
  /** A request by the platform itself (the test panel): waits for the app like any other, reaches only this one, is recorded. */
  forwardInternal(request: InternalRequest): Promise<InternalAnswer>;
  start(): void;
  /** Says goodbye to WebSockets (1001) now, and to streams of events after their time. Requests go on, and new ones are answered. */
  drain(): void;
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
  const streams = new Set<Delivery>();
  const sockets = new Set<UpgradeDelivery>();
  const context: DeliveryContext = { apps, runtime, limits, record: options.recordRequest, refuse, onRefused, streams };
  const { port } = new URL(options.publicUrl);
  const entrance = createEntrance(options, context);
  const drafts = createDraftDoor({ access: options.drafts, publicUrl: options.publicUrl });
  const bodies = createBodyWatch(limits);
  const sleeper = createSleeper({
    ...options,
    apps,
    onActivity: options.onActivity,
    putsToSleep: options.putsToSleep ?? true,
    sweepEveryMs: options.sweepEveryMs ?? SWEEP_EVERY_MS,
  });
  const front = createFront({ entrance, context, routes });
  let streamsEnd: NodeJS.Timeout | undefined;

  return {
    isAppHost(host) {
      const { kind } = entrance.readHost(host);
      return kind === "app" || kind === "unknown";
    },
    handleConnection: (socket, passOn) => front.handleConnection(socket, passOn),
    handleRequest: createRequestHandler({ entrance, context, bodies, routes, drafts }),
    handleUpgrade: createUpgradeHandler({ entrance, context, drafts, open: sockets }),
    forwardInternal: createInternalForward({
      context,
      routes,
      protocol: options.publicUrl.startsWith("https:") ? "https" : "http",
      hostOf: options.hostOf ?? ((slug) => `${slug}.${options.appsDomain}${port === "" ? "" : `:${port}`}`),
      refusalOf: entrance.refusalOf,
    }),
    start: () => sleeper.start(),

    drain() {
      front.drain();
      for (const socket of sockets) socket.leave();
      streamsEnd = setTimeout(() => {
        for (const stream of streams) stream.cut();
      }, limits.streamDrainMs).unref();
    },

    async stop() {
      entrance.close();
      front.close();
      clearTimeout(streamsEnd);
      for (const delivery of sockets) delivery.destroy();
      bodies.stop();
      await sleeper.stop();
      apps.close();
    },
  };
}
