/** What is wrong with the code, from all who say so: the checks as one types, and the last failed deployment. Pure. */
import type { Files } from "#core/contract/files.ts";
import type { SourceProblem } from "#core/contract/problem.ts";
import { sameContent } from "#app/stores/drafts.ts";

const order = { error: 0, warning: 1, info: 2 } as const;

/** The problems of a failed deployment whose files still read as they were deployed: an edit may have mended the others. */
export function standingProblems(problems: readonly SourceProblem[], deployed: Files | null, files: Files): SourceProblem[] {
  if (deployed === null) return [];
  return problems.filter(({ file }) => files[file] !== undefined && sameContent(deployed[file], files[file]));
}

/** Both lists without doubles, worst first, then by place. */
export function mergeProblems(...lists: readonly (readonly SourceProblem[])[]): SourceProblem[] {
  const seen = new Map<string, SourceProblem>();
  for (const problem of lists.flat()) {
    const key = `${problem.file}\n${problem.line}\n${problem.message}`;
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()].sort(
    (a, b) => order[a.severity] - order[b.severity] || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line),
  );
}
