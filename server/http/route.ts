/**
 * What every loader and action is wrapped in, and how they ask who is there.
 * `route` is for loaders and for actions whose failure is a page of its own: an AppError becomes `data(problem, {status})` for the
 * nearest ErrorBoundary. `formAction` is for forms: a failure the person can mend is *returned* as `{ problem }` and shown on the form.
 */
import { data, isRouteErrorResponse, redirect } from "react-router";
import { AppError, type Problem } from "#core/contract/problem.ts";
import type { Caller } from "#server/accounts/index.ts";
import { callerContext, visitContext, type PageContext } from "./context.ts";
import { reportError, toAppError, toProblem } from "./errors.ts";

interface RouteArgs {
  context: PageContext;
}

/** Wraps a loader or an action: what it throws reaches the ErrorBoundary as a problem document with its status. */
export function route<Args extends RouteArgs, Result>(handler: (args: Args) => Result | Promise<Result>): (args: Args) => Promise<Result> {
  return async (args) => {
    try {
      return await handler(args);
    } catch (thrown) {
      throw toRouteError(thrown, args.context);
    }
  };
}

/** A failed form as its page gets it in `actionData`. */
export interface FormFailure {
  problem: Problem;
}

/** Like `route`, but failures below 500 are answered with their status and `{ problem }`, so that the form keeps what was typed. */
export function formAction<Args extends RouteArgs, Result>(handler: (args: Args) => Result | Promise<Result>) {
  return async (args: Args) => {
    try {
      return await handler(args);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.status < 500) {
        const failure: FormFailure = { problem: toProblem(thrown) };
        return data(failure, { status: thrown.status });
      }
      throw toRouteError(thrown, args.context);
    }
  };
}

function toRouteError(thrown: unknown, context: PageContext): unknown {
  // Redirects and answers made on purpose pass through.
  if (thrown instanceof Response || isRouteErrorResponse(thrown) || isDataResult(thrown)) return thrown;
  const error = toAppError(thrown);
  const { path, logger } = context.get(visitContext);
  reportError(error, logger, { page: path });
  return data(toProblem(error), { status: error.status });
}

function isDataResult(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && (thrown as { type?: unknown }).type === "DataWithResponseInit";
}

/** Who asks, or null. */
export function findUser(context: PageContext): Promise<Caller | null> {
  return context.get(callerContext)();
}

/** Who asks. @throws a redirect to sign in, which leads back here afterwards. */
export async function requireUser(context: PageContext): Promise<Caller> {
  const caller = await findUser(context);
  if (caller) return caller;
  const { path } = context.get(visitContext);
  throw redirect(path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`);
}

/** Who asks, when they are an admin. @throws AppError `not_found` for others: what they may not see is not there for them. */
export async function requireAdmin(context: PageContext): Promise<Caller> {
  const caller = await requireUser(context);
  if (caller.user.role !== "admin") throw new AppError("not_found", "There is no such page.");
  return caller;
}

/** Where to go after signing in: a path of this site, whatever `next` says (`//host` and `/\host` are other sites to a browser). */
export function safeNext(next: string | null, otherwise = "/apps"): string {
  return next !== null && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : otherwise;
}
