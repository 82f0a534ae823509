/** better-auth's own paths, with its refusals turned into our problem documents (its `code` and `message` stay readable to its clients). */
import { statusByCode, type ProblemCode } from "#core/contract/problem.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Services } from "#server/services.ts";
import { toProblem } from "#server/http/errors.ts";

const byStatus: Record<number, ProblemCode> = {
  400: "invalid_input",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  415: "unsupported_media_type",
  422: "validation_failed",
  429: "rate_limited",
};

/** @throws whatever better-auth throws: bugs and a lost database. */
export async function answerAuth({ accounts, logger }: Services, request: Request): Promise<Response> {
  const response = await accounts.handleAuth(request);
  if (response.status < 400) return response;
  const said = (await response.json().catch(() => ({}))) as { code?: unknown; message?: unknown };
  if (response.status >= 500) {
    // It answers 500 for anything thrown inside, a lost database included, and keeps the reason to itself.
    logger.error("The account service failed", { status: response.status, code: said.code });
    throw new AppError("database_unavailable", "The account service cannot answer at the moment. Try again shortly.", {
      retryAfterSeconds: 5,
    });
  }
  const ours = (typeof said.code === "string" ? said.code : "").toLowerCase();
  const known = Object.hasOwn(statusByCode, ours) ? (ours as ProblemCode) : undefined;
  const code =
    known ??
    (ours === "invalid_origin" || ours === "missing_or_null_origin" ? "bad_origin" : (byStatus[response.status] ?? "invalid_input"));
  const message = typeof said.message === "string" && said.message ? said.message : "This was refused.";
  const problem = {
    ...toProblem(new AppError(code, message)),
    status: response.status,
    message,
    ...(said.code ? { authCode: said.code } : {}),
  };
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  for (const cookie of response.headers.getSetCookie()) headers.append("set-cookie", cookie);
  const retryAfter = response.headers.get("retry-after") ?? response.headers.get("x-retry-after");
  if (retryAfter) headers.set("retry-after", retryAfter);
  return new Response(JSON.stringify(problem), { status: response.status, headers });
}
