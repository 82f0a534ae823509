/**
 * The public HTTP API: routes made from the operation table, thin handlers that call the domains, one seam for errors.
 * Guarantees: every refusal is a problem document; a write by cookie comes from our own pages; `Idempotency-Key` is honoured on POST.
 * Does not hold rules of the product: they are the domains', and the pages call the same ones.
 */
import { Hono, type Context } from "hono";
import { operations, type Operation, type OperationId } from "#core/contract/operations/index.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Caller } from "#server/accounts/index.ts";
import { problemResponse, reportError, toAppError } from "#server/http/errors.ts";
import type { Services } from "#server/services.ts";
import { checkAccess } from "./access.ts";
import { accountHandlers } from "./accounts.ts";
import { adminHandlers } from "./admin.ts";
import { appHandlers } from "./apps.ts";
import { answerAuth } from "./auth.ts";
import { deploymentHandlers } from "./deployments.ts";
import { createDocument } from "./document.ts";
import type { Call, HandledId, Handlers } from "./handler.ts";
import { draftHandlers } from "./drafts.ts";
import { createIdempotency, type Idempotency, type StoredAnswer } from "./idempotency.ts";
import { readInput } from "./input.ts";
import { createLogStream, type LogStream } from "./log-stream.ts";
import { answerMetrics } from "./metrics.ts";
import { resourceHandlers } from "./resources.ts";
import { templateHandlers } from "./templates.ts";
import { watchingHandlers } from "./watching.ts";

export { checkOrigin } from "./access.ts";
export { createHouse } from "./house.ts";
export type { LogStream } from "./log-stream.ts";

export interface Api {
  /** Answers `/api/*`, `/healthz`, `/readyz` and `/metrics`. */
  app: Hono;
  logStream: LogStream;
}

type AnyHandler = (call: Call<HandledId>) => Promise<unknown>;

/** Makes the API; its collections exist when this resolves. */
export async function createApi(services: Services): Promise<Api> {
  const idempotency = await createIdempotency(services.storage);
  const handlers: Handlers = {
    ...accountHandlers(services),
    ...appHandlers(services),
    ...deploymentHandlers(services),
    ...draftHandlers(services),
    ...watchingHandlers(services),
    ...resourceHandlers(services),
    ...templateHandlers(services),
    ...adminHandlers(services),
  };
  const app = new Hono();
  app.onError((thrown, c) => {
    const error = toAppError(thrown);
    reportError(error, services.logger, { method: c.req.method, path: c.req.path });
    return problemResponse(error);
  });
  app.all("/api/auth/*", (c) => answerAuth(services, c.req.raw));
  const document = JSON.stringify(createDocument(services.config.publicUrl));
  app.get(
    "/api/openapi.json",
    () => new Response(document, { headers: { "content-type": "application/json", "cache-control": "no-cache" } }),
  );
  app.get("/metrics", (c) => answerMetrics(services, c.req.raw));
  for (const id of Object.keys(operations) as OperationId[]) {
    const row: Operation = operations[id];
    if (row.delegated) continue;
    const serve = createServer(services, row, handlers[id as HandledId] as unknown as AnyHandler, idempotency);
    app.on(row.method.toUpperCase(), row.path, serve);
  }
  app.all("/metrics", refuseMethod);
  app.all("/healthz", refuseMethod);
  app.all("/readyz", refuseMethod);
  app.all("/api", refuseMethod);
  app.all("/api/*", refuseMethod);
  return { app, logStream: createLogStream(services) };
}

function createServer(
  services: Services,
  row: Operation,
  handler: AnyHandler,
  idempotency: Idempotency,
): (c: Context) => Promise<Response> {
  const [status] = Object.keys(row.answers).map(Number) as [number];
  return async (c) => {
    const request = c.req.raw;
    let caller: Caller | null = null;
    if (row.scope !== "none") {
      caller = await services.accounts.findCaller(request.headers);
      checkAccess(row, caller, request, services.config.publicUrl);
    }
    const input = await readInput(row, c);
    const call = {
      caller,
      params: input.params,
      query: input.query,
      body: input.body,
      request,
      source: sourceOf(request),
      context: c,
    } as unknown as Call<HandledId>;
    const key = row.method === "post" && caller ? request.headers.get("idempotency-key") : null;
    if (key === null || !caller) {
      const body = await handler(call);
      return body instanceof Response ? body : respond(toStored(status, body));
    }
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw new AppError("invalid_input", "An Idempotency-Key has 1 to 255 visible characters.");
    const scope = JSON.stringify([caller.user.id, request.method, c.req.path, key]);
    const { answer, replayed } = await idempotency.once(scope, input.bodyText, row.showsSecret !== true, async () =>
      runToAnswer(status, () => handler(call)),
    );
    return respond(answer, replayed ? { "idempotency-replayed": "true" } : {});
  };
}

/** A refusal is an answer too, to be given again. What failed on our side is thrown on. */
async function runToAnswer(status: number, work: () => Promise<unknown>): Promise<StoredAnswer> {
  try {
    return toStored(status, await work());
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.status >= 500) throw thrown;
    const response = problemResponse(thrown);
    return { status: response.status, body: await response.text(), contentType: response.headers.get("content-type") };
  }
}

function toStored(status: number, body: unknown): StoredAnswer {
  return body === undefined
    ? { status, body: null, contentType: null }
    : { status, body: JSON.stringify(body), contentType: "application/json" };
}

function respond({ status, body, contentType }: StoredAnswer, headers: Record<string, string> = {}): Response {
  return new Response(body, {
    status,
    headers: { "cache-control": "no-store", ...(contentType === null ? {} : { "content-type": contentType }), ...headers },
  });
}

/** The command line says who it is; everything else with a token is a script. */
function sourceOf(request: Request): "cli" | "api" {
  return request.headers.get("user-agent")?.startsWith("fp/") ? "cli" : "api";
}

const patterns = (Object.values(operations) as Operation[]).map((row) => ({
  method: row.method.toUpperCase(),
  pattern: new RegExp(`^${row.path.replace(/:\w+/g, "[^/]+")}$`),
}));

/** Nothing took the request: the path is not there, or not for this method. */
function refuseMethod(c: Context): never | Response {
  const methods = new Set(patterns.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method));
  if (c.req.path === "/api/openapi.json" || c.req.path === "/metrics") methods.add("GET");
  if (methods.size === 0) throw new AppError("not_found", "There is no such path. /api/openapi.json lists them all.");
  if (methods.has("GET")) methods.add("HEAD");
  const allow = [...methods].toSorted().join(", ");
  return problemResponse(new AppError("method_not_allowed", `This path takes ${allow}.`), { allow });
}
