/** The one place that turns whatever was thrown into a problem document (RFC 9457). Used by the API's error seam, by pages and by streams. */
import { STATUS_CODES } from "node:http";
import { AppError, type Problem } from "#core/contract/problem.ts";
import { isDatabaseGone } from "#core/database-gone.ts";
import { currentRequestId } from "./request-context.ts";
import type { Logger } from "./logger.ts";

/** What is said to a caller: the AppError itself, or the one that a foreign error means. Anything else is a bug: `internal_error`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (isDatabaseGone(thrown)) {
    const words = "The platform's database cannot be reached at the moment. Nothing was lost; try again shortly.";
    return new AppError("database_unavailable", words, { retryAfterSeconds: 5, cause: thrown });
  }
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
      return new AppError("storage_full", "The platform's disk is full, so nothing can be written. Reading still works.", {
        cause: thrown,
      });
    }
  }
  return new AppError("internal_error", "Something went wrong on our side. The request id helps to find out what.", { cause: thrown });
}

/** Says once in the log what a caller must not see; failures that the caller can act on are no news. */
export function reportError(error: AppError, logger: Logger, fields: Record<string, unknown> = {}): void {
  if (error.code === "internal_error") logger.error("A request failed by a bug", { ...fields, error: error.cause ?? error });
  else if (error.status >= 500)
    logger.warn(error.message, { ...fields, code: error.code, ...(error.cause === undefined ? {} : { reason: reasonOf(error.cause) }) });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

/** The document for `error`, with the id of the request under way. */
export function toProblem(error: AppError): Problem & Record<string, unknown> {
  const requestId = currentRequestId();
  return {
    // Extra members first: none of them may take the place of a standard one.
    ...error.extra,
    type: "about:blank",
    title: titleOf(error),
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(requestId === undefined ? {} : { requestId }),
    ...(error.problems === undefined ? {} : { problems: [...error.problems] }),
  };
}

function titleOf(error: AppError): string {
  return STATUS_CODES[error.status] ?? "Error";
}

/** A whole answer, for the edges that speak Request and Response. */
export function problemResponse(thrown: unknown, headers: Record<string, string> = {}): Response {
  const error = toAppError(thrown);
  return new Response(JSON.stringify(toProblem(error)), {
    status: error.status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(error.retryAfterSeconds === undefined ? {} : { "retry-after": String(error.retryAfterSeconds) }),
      ...headers,
    },
  });
}
