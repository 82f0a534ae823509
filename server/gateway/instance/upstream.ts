import type { Endpoint } from "#server/runtime/runtime.ts";
import { Connection } from "./connection.ts";
import type { Exchange, OutgoingRequest } from "./connection.ts";

/** Runners close an idle connection after 75 s; leaving it earlier avoids writing into one that is closing. */
const IDLE_MS = 60_000;

/** How late a time-out of seconds or minutes may be noticed. */
const CHECK_EVERY_MS = 250;

/** One instance as the gateway sees it: its connections, and how many requests are on them. */
export interface Upstream {
  readonly endpoint: Endpoint;
  inFlight: number;
  /**
   * Sends a request over a connection that is free, or over a new one. As many connections as requests: a stream of events holds
   * one for hours, and a limit here would queue the others behind it.
   */
  send(request: OutgoingRequest, exchange: Exchange): Connection;
  /** Ends all connections, and with them what is under way. */
  close(): void;
}

export function createUpstream(endpoint: Endpoint): Upstream {
  const open = new Set<Connection>();
  const idle: Connection[] = [];
  let timer: NodeJS.Timeout | undefined;

  const events = {
    now: 0,
    onIdle: (connection: Connection): void => void idle.push(connection),
    onClosed: (connection: Connection): void => {
      open.delete(connection);
      const at = idle.indexOf(connection);
      if (at !== -1) idle.splice(at, 1);
      if (open.size === 0) clearInterval(timer);
    },
  };
  const check = (): void => {
    events.now = performance.now();
    for (const connection of open) connection.checkTime(events.now, IDLE_MS);
  };
  const make = (): Connection => {
    events.now = performance.now();
    if (open.size === 0) timer = setInterval(check, CHECK_EVERY_MS).unref();
    const connection = new Connection(endpoint, events);
    open.add(connection);
    return connection;
  };

  return {
    endpoint,
    inFlight: 0,
    send(request, exchange) {
      // The one used last: those that are not needed come of age together.
      let connection = idle.pop();
      while (connection?.destroyed) connection = idle.pop();
      connection ??= make();
      connection.send(request, exchange);
      return connection;
    },
    close() {
      for (const connection of open) connection.close();
    },
  };
}
