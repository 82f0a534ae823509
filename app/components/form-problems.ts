import type { Problem } from "#core/contract/problem.ts";

export interface FormProblems {
  /** The first problem of each field, by its name. */
  fields: Record<string, string>;
  /** What belongs to no field. */
  message: string | undefined;
}

/** Sorts a problem by the fields a form has; what none of them shows is the form's message. */
export function sortProblems(problem: Problem | undefined, names: readonly string[]): FormProblems {
  const fields: Record<string, string> = {};
  for (const one of problem?.problems ?? []) {
    // What is wrong with one entry of a list is wrong with its field.
    const name = "path" in one ? one.path.split(".")[0]! : "";
    if (names.includes(name)) fields[name] ??= one.message;
  }
  const message = problem && Object.keys(fields).length === 0 ? (problem.detail ?? problem.title) : undefined;
  return { fields, message };
}
