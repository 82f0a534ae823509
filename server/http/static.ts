/** Files of the build and of `public/`, with a strict policy of their own; hashed ones are kept by browsers for a year. */
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import type { Context, Hono } from "hono";
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

function serveFrom(root: string, cacheControl: string) {
  return serveStatic({
    root: join(root, "/"),
    precompressed: true,
    onFound: (_path: string, c: Context) => {
      c.header("cache-control", cacheControl);
      c.header("content-security-policy", staticPolicy);
    },
  });
}
