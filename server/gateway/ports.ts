import { once } from "node:events";
import type { Server } from "node:http";
import type { Gateway } from "./gateway.ts";
import type { Logger } from "./logger.ts";

/** Where apps' ports are remembered: one that an app has is the app's for as long as it exists. */
export interface PortStore {
  /** Every app, with its port if it was given one. */
  list(): Promise<{ slug: string; port: number | null }[]>;
  save(slug: string, port: number): Promise<void>;
}

export interface AppPortsOptions {
  store: PortStore;
  gateway: () => Gateway;
  /** The address that is listened on. */
  host: string;
  /** The first port that is given out. */
  firstPort: number;
  createServer: () => Server;
  /** Ends a server quietly: resolves when its connections are gone. */
  drain: (server: Server) => Promise<void>;
  logger: Logger;
  /** Told when an app's port was taken by somebody else, and the app has another one now. */
  onMoved: (slug: string, from: number, to: number) => void;
}

/** Apps by port instead of by name: a listener for each app, through which the same gateway is reached. */
export interface AppPorts {
  /** Opens the port of every app; gives one to those that have none. */
  start(): Promise<void>;
  /** Gives a new app its port, or the one it has, and listens there. @throws Error when no port is left. */
  open(slug: string): Promise<number>;
  /** Closes the port of an app that is gone. */
  close(slug: string): void;
  portOf(slug: string): number | undefined;
  /** No new connections; resolves when those that are open have ended, or had their time. */
  drain(): Promise<void>;
}

export function createAppPorts(options: AppPortsOptions): AppPorts {
  const { store, host } = options;
  const servers = new Map<string, { server: Server; port: number }>();
  /** Ports that apps have, whether listened on or not. */
  const given = new Set<number>();
  /** One after the other, so that no two apps try the same port. */
  let turn: Promise<unknown> = Promise.resolve();

  const listen = async (slug: string, wanted: number | null): Promise<number> => {
    const server = options.createServer();
    serve(server, slug, options.gateway);
    for (let port = wanted ?? options.firstPort; port < 65_536; port += 1) {
      if (port !== wanted && given.has(port)) continue;
      if (!(await tryListen(server, port, host))) continue;
      given.add(port);
      servers.set(slug, { server, port });
      if (port !== wanted) await store.save(slug, port);
      if (wanted !== null && port !== wanted) {
        given.delete(wanted);
        options.onMoved(slug, wanted, port);
      }
      return port;
    }
    throw new Error(`No port from ${options.firstPort} on is free for the app ${slug}`);
  };

  const inTurn = (slug: string, wanted: number | null): Promise<number> => {
    const next = turn.then(async () => servers.get(slug)?.port ?? (await listen(slug, wanted)));
    turn = next.catch(() => undefined);
    return next;
  };

  return {
    async start() {
      const apps = await store.list();
      for (const { port } of apps) if (port !== null) given.add(port);
      for (const { slug, port } of apps) {
        await inTurn(slug, port).catch((error: unknown) => options.logger.error("an app has no port", { slug, error }));
      }
    },
    open: (slug) => inTurn(slug, null),
    close(slug) {
      const known = servers.get(slug);
      if (known === undefined) return;
      servers.delete(slug);
      given.delete(known.port);
      known.server.close();
      known.server.closeAllConnections();
    },
    portOf: (slug) => servers.get(slug)?.port,
    async drain() {
      await turn;
      await Promise.all([...servers.values()].map(({ server }) => options.drain(server)));
    },
  };
}

function serve(server: Server, slug: string, gateway: () => Gateway): void {
  const app = { app: slug };
  server.on("request", (req, res) => gateway().handleRequest(req, res, app));
  server.on("checkContinue", (req, res) => gateway().handleRequest(req, res, { ...app, continueUnsent: true }));
  server.on("upgrade", (req, socket, head) => gateway().handleUpgrade(req, socket, head, app));
}

/** @returns false when the port is taken. */
async function tryListen(server: Server, port: number, host: string): Promise<boolean> {
  server.listen(port, host);
  try {
    await once(server, "listening");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return false;
    throw error;
  }
}
