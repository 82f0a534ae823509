/** What can be said of an import by its name alone: light enough for a page. */
import type { SourceProblem } from "../contract/problem.ts";

/** The import that a finding of `forbidden_import` is about, from its words; null for other findings. */
export function forbiddenImportOf({ code, message }: Pick<SourceProblem, "code" | "message">): string | null {
  return code === "forbidden_import" ? (/^([A-Za-z_]\w*) may not be imported/.exec(message)?.[1] ?? null) : null;
}

/** The closest name by edit distance, when it is close enough to be a slip. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
