/**
 * The whole server as one module graph (the SSR input of the build): services, gateway, API and pages behind one listener, as far as
 * the process's roles have them.
 */
import { createRequestHandler } from "react-router";
import { readConfig } from "./config.ts";
import { createFace } from "./face.ts";
import { createLogger } from "./http/logger.ts";
import type { PageHandler } from "./http/pages.ts";
import { listenForMetrics } from "./metrics-port.ts";
import type { PlatformApp, StartOptions } from "./prepare/platform-app.ts";
import { createServices } from "./services.ts";

/** Starts everything. @throws Error when the environment, the database or a file is not usable; nothing is left running then. */
export async function start({ development }: StartOptions): Promise<PlatformApp> {
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.logLevel });
  const platform = await createServices(config, logger);
  try {
    const pages: PageHandler = createRequestHandler(() => import("virtual:react-router/server-build"), import.meta.env.MODE);
    const face = await createFace(platform.services, { pages, development });
    await platform.start();
    const metrics = config.metricsPort === undefined ? null : await listenForMetrics(config.host, config.metricsPort, platform.services);
    return {
      ...face,
      drain: () => platform.drain(),
      async stop() {
        await platform.stop();
        metrics?.close();
      },
      notices: platform.notices,
    };
  } catch (error) {
    await platform.stop().catch(() => undefined);
    throw error;
  }
}
