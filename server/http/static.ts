/** Files of the build and of `public/`, with a strict policy of their own; hashed ones are kept by browsers for a year. */
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import type { Hono, MiddlewareHandler } from "hono";
import { staticPolicy } from "./security.ts";

/** Adds the files of `clientDir`. What is asked for under `/assets/` and is not there ends here, without a page being rendered for it. */
export function addStaticFiles(app: Hono, clientDir: string): void {
  const immutable = serveFrom(clientDir, "public, max-age=31536000, immutable");
  // An hour: these names have no hash, and a new logo should not take a day.
  const named = serveFrom(clientDir, "public, max-age=3600");
  app.use("/assets/*", immutable);
  app.all(
    "/assets/*",
    () =>
      new Response("Not found\n", { status: 404, headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } }),
  );
  // Only names with an ending: pages have none, and need no look at the disk.
  app.use("*", (c, next) => (/\/[^/]+\.[a-z0-9]{2,11}$/i.test(c.req.path) && !c.req.path.endsWith(".data") ? named(c, next) : next()));
}

function serveFrom(root: string, cacheControl: string): MiddlewareHandler {
  const serve = serveStatic({ root: join(root, "/"), precompressed: true });
  return async (c, next) => {
    const response: unknown = await serve(c, next);
    // Not there: the next one's answer, whatever that is.
    if (!(response instanceof Response)) return undefined;
    // Its own `onFound` comes after the answer was made, and what that sets reaches nobody.
    response.headers.set("cache-control", cacheControl);
    response.headers.set("content-security-policy", staticPolicy);
    return response;
  };
}
