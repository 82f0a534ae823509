import type { Problem } from "#core/contract/problem.ts";

/** The problem that our server answered with, if it is one. By hand: the schema would bring zod into the first load of every page. */
export function asProblem(data: unknown): Problem | undefined {
  return typeof data === "object" && data !== null && "code" in data && "status" in data ? (data as Problem) : undefined;
}
