/** What a process without pages answers about itself: whether it lives, whether it should be given work, and its counters. */
import { Hono } from "hono";
import { AppError } from "#core/contract/problem.ts";
import { problemResponse, reportError, toAppError } from "#server/http/errors.ts";
import type { Services } from "#server/services.ts";
import { answerMetrics } from "./metrics.ts";

/** Answers `/healthz`, `/readyz` and `/metrics` as the API does, and nothing else. */
export function createHouse(services: Services): Hono {
  const app = new Hono();
  const ok = () => Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } });
  app.onError((thrown, c) => {
    const error = toAppError(thrown);
    reportError(error, services.logger, { method: c.req.method, path: c.req.path });
    return problemResponse(error);
  });
  app.get("/healthz", ok);
  app.get("/readyz", async () => {
    await services.requireReady();
    return ok();
  });
  app.get("/metrics", (c) => answerMetrics(services, c.req.raw));
  app.notFound(() => problemResponse(new AppError("not_found", "Here are /healthz, /readyz and /metrics.")));
  return app;
}
