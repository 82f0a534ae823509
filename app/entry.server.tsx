/** Renders pages on the server as a stream, every script with the request's nonce, and reports what went wrong once. */
import { PassThrough } from "node:stream";
import { createReadableStreamFromReadable } from "@react-router/node";
import { renderToPipeableStream } from "react-dom/server";
import { isRouteErrorResponse, ServerRouter, type EntryContext, type HandleErrorFunction, type RouterContextProvider } from "react-router";
import { reportError, toAppError } from "#server/http/errors.ts";
import { nonceContext, visitContext } from "#server/http/context.ts";
import { NonceContext } from "./nonce.ts";

/** Slow parts of a page (database figures) get this long before they are given up on the page. */
export const streamTimeout = 5_000;

export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  routerContext: EntryContext,
  context: RouterContextProvider,
): Promise<Response> | Response {
  headers.set("content-type", "text/html; charset=utf-8");
  // A page shows what belongs to one person.
  if (!headers.has("cache-control")) headers.set("cache-control", "private, no-store");
  if (request.method === "HEAD") return new Response(null, { status, headers });
  const nonce = context.get(nonceContext);
  return new Promise((resolve, reject) => {
    let shellSent = false;
    let statusNow = status;
    const timer = setTimeout(() => abort(), streamTimeout + 1_000);
    const { pipe, abort } = renderToPipeableStream(
      <NonceContext value={nonce}>
        <ServerRouter context={routerContext} url={request.url} nonce={nonce} />
      </NonceContext>,
      {
        nonce,
        onShellReady() {
          shellSent = true;
          const body = new PassThrough({
            final(done) {
              clearTimeout(timer);
              done();
            },
          });
          pipe(body);
          resolve(new Response(createReadableStreamFromReadable(body), { status: statusNow, headers }));
        },
        onShellError(error) {
          clearTimeout(timer);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
        onError(error) {
          statusNow = 500;
          // Before the shell is sent the error is rejected above and comes to handleError.
          if (shellSent && !isRouteErrorResponse(error))
            reportError(toAppError(error), context.get(visitContext).logger, { page: context.get(visitContext).path });
        },
      },
    );
  });
}

/** What loaders and actions threw that was no answer: a bug, or a refused Origin. Those that left are none. */
export const handleError: HandleErrorFunction = (error, { request, context }) => {
  if (request.signal.aborted || isRouteErrorResponse(error)) return;
  const { logger, path } = context.get(visitContext);
  reportError(toAppError(error), logger, { page: path });
};
