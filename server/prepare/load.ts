/** Loads `server/app.ts`, from the build or through Vite, and starts it. */
import { createServer, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { PlatformApp, PlatformModule } from "./platform-app.ts";

export interface LoadedPlatform {
  handleConnection?: PlatformApp["handleConnection"];
  handleRequest: PlatformApp["handleRequest"];
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  drain(): void;
  stop(): Promise<void>;
  notices: readonly string[];
}

/** @throws whatever `start` throws; what was begun by then is stopped. */
export async function loadPlatform({
  root,
  development,
  signal,
}: {
  root: string;
  development: boolean;
  signal: AbortSignal;
}): Promise<LoadedPlatform> {
  const loaded = development ? await loadThroughVite(root) : await loadBuild(root);
  if (signal.aborted) await loaded.stop();
  signal.throwIfAborted();
  return loaded;
}

/** Reads the build into memory before it can be started, while the database is waited for. What is wrong with it is said by `loadPlatform`. */
export async function preloadBuild(root: string): Promise<void> {
  await importBuild(root).catch(() => undefined);
}

const importBuild = async (root: string): Promise<PlatformModule> =>
  (await import(pathToFileURL(join(root, "build/server/index.js")).href)) as PlatformModule;

async function loadBuild(root: string): Promise<LoadedPlatform> {
  const { start } = await importBuild(root);
  const app = await start({ development: false });
  return {
    ...(app.handleConnection ? { handleConnection: app.handleConnection } : {}),
    handleRequest: (request, response, options) => app.handleRequest(request, response, options),
    handleUpgrade(request, socket, head) {
      if (!app.handleUpgrade(request, socket, head)) socket.destroy();
    },
    drain: () => app.drain?.(),
    stop: () => app.stop(),
    notices: app.notices ?? [],
  };
}

async function loadThroughVite(root: string): Promise<LoadedPlatform> {
  const { createServer: createVite } = await import("vite");
  // Never listens: Vite's upgrade listener sits here and sees only what is passed on, so that users' apps keep their sockets.
  const hmr = createServer();
  const before = new Set(process.listeners("SIGTERM"));
  const vite = await createVite({ root, appType: "custom", server: { middlewareMode: true, hmr: { server: hmr }, allowedHosts: true } });
  // Vite's listener would exit before the platform has stopped.
  for (const listener of process.listeners("SIGTERM")) if (!before.has(listener)) process.off("SIGTERM", listener);
  const load = async (): Promise<PlatformModule> => (await vite.ssrLoadModule("./server/app.ts")) as PlatformModule;

  let module: PlatformModule;
  let app: PlatformApp;
  try {
    module = await load();
    app = await module.start({ development: true });
  } catch (error) {
    await vite.close();
    throw error;
  }
  const current = createReloader(load, module, app);

  return {
    handleRequest(request, response) {
      void current().then(
        (now) =>
          now.isAppHost(request.headers.host)
            ? now.handleRequest(request, response)
            : vite.middlewares(request, response, () => now.handleRequest(request, response)),
        (error: Error) => {
          vite.ssrFixStacktrace(error);
          response.writeHead(500, { "content-type": "text/plain; charset=utf-8" }).end(error.stack);
        },
      );
    },
    handleUpgrade(request, socket, head) {
      void current().then(
        (now) => {
          if (now.handleUpgrade(request, socket, head)) return;
          const protocol = request.headers["sec-websocket-protocol"] ?? "";
          // Vite ignores what is not its own, and the socket would hang.
          if (/^vite-(hmr|ping)$/.test(protocol)) hmr.emit("upgrade", request, socket, head);
          else socket.destroy();
        },
        () => socket.destroy(),
      );
    },
    drain() {
      void current().then(
        (now) => now.drain?.(),
        () => undefined,
      );
    },
    async stop() {
      await (await current()).stop();
      await vite.close();
    },
    notices: app.notices ?? [],
  };
}

/** After an edit on the server the module is another one: the old platform is stopped and the new one started, once, while requests wait. */
function createReloader(load: () => Promise<PlatformModule>, module: PlatformModule, app: PlatformApp): () => Promise<PlatformApp> {
  let running = { module, app };
  let turn: Promise<unknown> = Promise.resolve();
  return () => {
    const next = turn.then(async () => {
      const now = await load();
      if (now.start === running.module.start) return running.app;
      await running.app.stop();
      running = { module: now, app: await now.start({ development: true }) };
      return running.app;
    });
    turn = next.catch(() => undefined);
    return next;
  };
}
