/** The gateway's limits, with why they are what they are. */
export interface GatewayLimits {
  /** Requests that may wait for one app to start. A waiting one costs a socket and about 4 KB. */
  waitingPerApp: number;
  /** How long one request waits for its app to start, in ms. */
  wakeWaitMs: number;
  /** How long a browser's navigation waits before it gets the waking page, in ms. */
  wakingPageAfterMs: number;
  /** Requests in flight per app; no less than `waitingPerApp`, for all that waited are forwarded at once. */
  inFlightPerApp: number;
  /** Open WebSockets per app. */
  socketsPerApp: number;
  /** How long an app may take to begin its answer, in ms; after that 504. Bodies take as long as they like. */
  answerMs: number;
  /** How long an instance that refuses connections is tried again, in ms. */
  connectMs: number;
}

export const defaultLimits: GatewayLimits = {
  waitingPerApp: 1_000,
  wakeWaitMs: 30_000,
  wakingPageAfterMs: 1_000,
  inFlightPerApp: 2_000,
  socketsPerApp: 1_000,
  answerMs: 300_000,
  connectMs: 5_000,
};
