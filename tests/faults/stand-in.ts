/** An instance without Python: an HTTP server on a Unix socket that can be slow, die, and tell when it was asked after its end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Instance } from "#server/runtime/local/launch.ts";
import type { Runner } from "#server/runtime/local/runner-process.ts";

export interface StandIn {
  readonly instance: Instance;
  /** Requests and sockets it has in hand. */
  readonly inHand: number;
  readonly ended: boolean;
  readonly told: boolean;
  /** Dies as by kill -9: its connections break now, the platform hears of it a little later. */
  die(noticedAfterMs: number): void;
}

export interface StandInOptions {
  folder: string;
  id: string;
  version: number;
  /** From the end of its work to the end of its process. */
  shutdownMs: number;
  /** A request or socket that it takes; `what` is its path. */
  onTaken(what: string): void;
  /** It was told to drain. */
  onTold(): void;
}

/** Starts one; it answers when the promise resolves. `/work/<key>?ms=…` answers the key after that long, an upgrade echoes. */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const { id, version } = options;
  const socketPath = join(options.folder, `${id}.sock`);
  const exited = Promise.withResolvers<Awaited<Runner["exited"]>>();
  const sockets = new Set<Duplex>();
  let inHand = 0;
  let told = false;
  let ended = false;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    options.onTaken(request.url ?? "");
    inHand += 1;
    response.on("close", () => (inHand -= 1));
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://instance");
    const end = (): void => void response.end(pathname.slice("/work/".length));
    const ms = Number(searchParams.get("ms"));
    if (ms > 0) setTimeout(end, ms);
    else end();
  };
  const server: Server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  server.on("upgrade", (request, socket) => {
    options.onTaken(request.url ?? "");
    inHand += 1;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      inHand -= 1;
      sockets.delete(socket);
    });
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    socket.pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });

  const end = (afterMs: number, signal: NodeJS.Signals | null): Promise<Awaited<Runner["exited"]>> => {
    if (!ended) {
      ended = true;
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      void delay(afterMs).then(() => exited.resolve({ code: signal ? null : 0, signal, memory: null }));
    }
    return exited.promise;
  };
  // What the state machine uses of a runner; the rest belongs to the way from a bundle to an instance, which is not under test.
  const runner = {
    instanceId: id,
    exited: exited.promise,
    databaseBytes: () => ({ in: 0, out: 0 }),
    kill: () => end(0, "SIGKILL"),
    drain: async (graceMs: number) => {
      if (ended) return exited.promise;
      told = true;
      options.onTold();
      server.close();
      server.closeIdleConnections();
      const until = performance.now() + graceMs;
      while (inHand > 0 && performance.now() < until) await delay(1);
      return end(options.shutdownMs, null);
    },
  } as unknown as Runner;
  return {
    instance: {
      id,
      version,
      endpoint: { instanceId: id, version, socketPath },
      wasWarm: true,
      report: { ok: true, framework: "fastapi", factory: false, routes: [], importMs: 0 },
      runner,
    },
    get inHand() {
      return inHand;
    },
    get ended() {
      return ended;
    },
    get told() {
      return told;
    },
    die: (noticedAfterMs) => void end(noticedAfterMs, "SIGKILL"),
  };
}
