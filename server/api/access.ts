/** Who may call an operation: sign-in, scopes, and the platform's own origin for writes by cookie. */
import type { Scope } from "#core/contract/account.ts";
import type { Operation } from "#core/contract/operations/index.ts";
import { AppError } from "#core/contract/problem.ts";
import type { Caller } from "#server/accounts/index.ts";

/** A scope says "also": who may change may run, who may run may read. */
const satisfiedBy: Record<Scope, readonly Scope[]> = {
  read: ["read", "run", "change", "admin"],
  run: ["run", "change", "admin"],
  change: ["change", "admin"],
  admin: ["admin"],
};

/** @throws AppError `unauthenticated`, `bad_origin`, `forbidden`. */
export function checkAccess(row: Operation, caller: Caller | null, request: Request, publicUrl: string): asserts caller is Caller {
  if (!caller) {
    const said = request.headers.has("authorization") || request.headers.has("cookie");
    throw new AppError(
      "unauthenticated",
      said ? "The session or token is not valid any more. Sign in again." : "Sign in, or send a token: `Authorization: Bearer <token>`.",
    );
  }
  if (row.method !== "get" && caller.via === "session") checkOrigin(request.headers, publicUrl);
  if (row.scope !== "none" && !satisfiedBy[row.scope].some((scope) => caller.scopes.has(scope))) {
    throw new AppError("forbidden", `This token lacks the scope \`${row.scope}\`.`);
  }
}

/** A browser sends the cookie along whoever asks it to; only our own pages may write by it. @throws AppError `bad_origin`. */
export function checkOrigin(headers: Headers, publicUrl: string): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin !== new URL(publicUrl).origin || (site !== null && site !== "same-origin")) {
    throw new AppError("bad_origin", `A write by cookie must come from ${publicUrl} itself. Scripts use a token.`);
  }
}
