import { instanceLimits, timeLimits, trafficLimits } from "#core/limits.ts";

/** The gateway's limits; those that owners and administrators speak of stand in core/limits.ts with their reasons. */
export interface GatewayLimits {
  /** Requests that may wait for one app to start. A waiting one costs a socket and about 4 KB. */
  waitingPerApp: number;
  /** How long one request waits for its app to start, in ms. */
  wakeWaitMs: number;
  /** How long a browser's navigation waits before it gets the waking page, in ms. */
  wakingPageAfterMs: number;
  /** Requests per app that are waited for, queued, or being answered; no less than may wait and queue together. */
  inFlightPerApp: number;
  /** Requests given to one instance at once. Streams of events do not count once they have begun, nor do WebSockets. */
  concurrencyPerInstance: number;
  /** Requests that wait, unread, until an instance has room. Past it: 503. */
  queuedPerApp: number;
  /** How long one of them waits, in ms. */
  queueMs: number;
  /** Requests per second and app over time, and how many may come at once. Past it: 429. */
  requestsPerSecond: number;
  requestBurst: number;
  /** The largest body passed on, in bytes; bodies are never held, so that only apps that cannot cope need one. */
  bodyBytes: number;
  /** How long a body that is being read may send nothing, in ms. */
  bodyIdleMs: number;
  /** Open WebSockets per app. */
  socketsPerApp: number;
  /** How long an app may take to begin its answer, in ms; after that 504. Bodies take as long as they like. */
  answerMs: number;
  /** How long streams of events go on when the platform stops, in ms. */
  streamDrainMs: number;
  /** How long an instance that refuses connections is tried again, in ms. */
  connectMs: number;
}

export const defaultLimits: GatewayLimits = {
  waitingPerApp: trafficLimits.waitingRequests,
  wakeWaitMs: timeLimits.wakeWaitMs,
  wakingPageAfterMs: timeLimits.waitingPageMs,
  inFlightPerApp: 2_000,
  concurrencyPerInstance: instanceLimits.concurrency,
  queuedPerApp: trafficLimits.queuedRequests,
  queueMs: timeLimits.queueMs,
  requestsPerSecond: trafficLimits.appRequestsPerSecond,
  requestBurst: trafficLimits.appRequestBurst,
  bodyBytes: Number.POSITIVE_INFINITY,
  bodyIdleMs: timeLimits.bodyIdleMs,
  socketsPerApp: 1_000,
  answerMs: 300_000,
  streamDrainMs: timeLimits.streamDrainMs,
  connectMs: 5_000,
};
