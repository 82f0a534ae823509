/** How much of the proxy one app, and all of them, may take. */
export interface EgressLimits {
  /** Connections of one app, those of its instances together. Past twice as many it is not even told. */
  connectionsPerApp: number;
  /** Of all apps: each costs the platform two descriptors. */
  connections: number;
  /** Of one app: new connections, and requests after the first of a connection. Those beyond wait. */
  turnsPerSecond: number;
  turnsAtOnce: number;
  /** For the name servers' answer. */
  resolveMs: number;
  /** For a connection to one of a name's addresses. */
  connectMs: number;
  /** For a request's headers to arrive. */
  headMs: number;
  /** A connection on which nothing passes in either direction. */
  idleMs: number;
  /** A client's connection between two requests. */
  keepAliveMs: number;
}

export const defaultLimits: EgressLimits = {
  // httpx's and aiohttp's own bound for a client.
  connectionsPerApp: 100,
  connections: 4_000,
  // A turn costs the platform up to 0.3 ms: of one app in a loop its neighbours lose a sixteenth of a core.
  turnsPerSecond: 200,
  turnsAtOnce: 400,
  resolveMs: 8_000,
  connectMs: 10_000,
  headMs: 30_000,
  // Longer than any answer that one waits for, and than the pings of WebSockets and database drivers.
  idleMs: 600_000,
  keepAliveMs: 60_000,
};
