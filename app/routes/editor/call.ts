/**
 * How the editor reaches its resource routes. Plain `fetch`, not a fetcher: a fetcher that fails replaces the page by its
 * error boundary, and unsaved work must stay on the screen whatever happens to a request.
 */
import { asProblem } from "#app/components/as-problem.ts";
import type { Problem, SourceProblem } from "#core/contract/problem.ts";

/** A failed call: the problem, and the whole document it came in (a conflict carries both drafts). */
export interface Failure {
  ok: false;
  problem: Problem;
  document: Readonly<Record<string, unknown>>;
}
export type Answer<Value> = { ok: true; value: Value } | Failure;

/** Posts JSON (or reads, without `body`) and answers with the value or the problem. Never throws; `Value` is what the route's action returns. */
export async function call<Value>(path: string, body?: unknown, signal?: AbortSignal): Promise<Answer<Value>> {
  const response = await ask(path, body, signal);
  return response instanceof Response ? toAnswer<Value>(response) : response;
}

/** The response as it comes in, or why there is none. */
export async function ask(path: string, body?: unknown, signal?: AbortSignal): Promise<Response | Failure> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A session that ended answers with a redirect to sign in; following it would end in a page of HTML.
      redirect: "manual",
      ...(signal ? { signal } : {}),
    });
  } catch {
    return failure(0, "unreachable", "The platform cannot be reached. Your edits are kept in this browser; try again in a moment.");
  }
  if (response.type === "opaqueredirect")
    return failure(
      401,
      "unauthenticated",
      "You are signed out. Your edits are kept in this browser: sign in in another tab, then try again.",
    );
  return response;
}

/** The value or the problem that a response of JSON carries. */
export async function toAnswer<Value>(response: Response): Promise<Answer<Value>> {
  const document: unknown = await response.json().catch(() => null);
  if (response.ok && document !== null) return { ok: true, value: document as Value };
  const problem = asProblem(document);
  if (problem !== undefined) return { ok: false, problem, document: document as Record<string, unknown> };
  return failure(response.status, "unexpected_answer", `The platform answered ${response.status}. Your edits are kept; try again.`);
}

function failure(status: number, code: string, detail: string): Failure {
  return { ok: false, problem: { type: "about:blank", title: code, status, code, detail }, document: {} };
}

/** What to tell somebody about a problem. */
export const wordsOf = (problem: Problem): string => problem.detail ?? problem.title;

/** The findings of a problem that lie in the app's files. */
export function sourceProblemsOf(problem: Problem): SourceProblem[] {
  return (problem.problems ?? []).filter((each): each is SourceProblem => "file" in each);
}
