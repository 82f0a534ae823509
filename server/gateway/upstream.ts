import type { Socket } from "node:net";
import { buildConnector, Pool } from "undici";
import type { Endpoint } from "#server/runtime/runtime.ts";

/** One instance as the gateway sees it: its connections, and how many requests are on them. */
export interface Upstream {
  readonly endpoint: Endpoint;
  readonly pool: Pool;
  inFlight: number;
}

export function createUpstream(endpoint: Endpoint): Upstream {
  const pool = new Pool(originOf(endpoint), {
    // As many connections as requests: a stream of events holds one for hours, and a limit here would queue the others behind it.
    connections: null,
    // A second request on a busy connection would wait for the first one's answer.
    pipelining: 1,
    // Runners close an idle connection after 75 s; leaving it earlier avoids writing into one that is closing.
    keepAliveTimeout: 60_000,
    keepAliveMaxTimeout: 60_000,
    // Node's own limit for what a client sends is 16 KiB; apps with many cookies to set get some more.
    maxHeaderSize: 65_536,
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: createConnector(endpoint),
  });
  return { endpoint, pool, inFlight: 0 };
}

function originOf(endpoint: Endpoint): string {
  if ("socketPath" in endpoint) return "http://instance";
  return `http://${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

function createConnector(endpoint: Endpoint): buildConnector.connector {
  const connect = buildConnector({ timeout: 5_000, ...("socketPath" in endpoint ? { socketPath: endpoint.socketPath } : {}) });
  return (options, callback) => {
    connect(options, (...outcome) => {
      if (outcome[0] === null) outliveFailedWrites(outcome[1]);
      callback(...outcome);
    });
  };
}

/**
 * An app may answer (413, 401) and close before it has read all of a body. Node ends a socket on the first write that fails then,
 * and the answer that lies ready to be read is lost. Here such a write counts as done: the reading side tells how it ended.
 */
function outliveFailedWrites(socket: Socket): void {
  const forgiving =
    (callback: (error?: Error | null) => void) =>
    (error?: Error | null): void => {
      const code = (error as NodeJS.ErrnoException | null | undefined)?.code;
      callback(code === "EPIPE" || code === "ECONNRESET" ? null : error);
    };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, callback) => write(chunk, encoding, forgiving(callback));
  if (writev !== undefined) socket._writev = (chunks, callback) => writev(chunks, forgiving(callback));
}
