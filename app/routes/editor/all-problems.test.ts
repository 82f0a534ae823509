import { expect, test } from "vitest";
import type { SourceProblem } from "#core/contract/problem.ts";
import { mergeProblems, standingProblems } from "./all-problems.ts";

const problem = (file: string, line: number, severity: SourceProblem["severity"], message = "m"): SourceProblem => ({
  file,
  line,
  column: 1,
  code: "c",
  message,
  severity,
});

test("a failed deployment's problem stands until its file is edited or gone", () => {
  const found = [problem("app.py", 1, "error"), problem("b.py", 2, "error"), problem("gone.py", 1, "error")];
  expect(standingProblems(found, { "app.py": "x", "b.py": "y", "gone.py": "" }, { "app.py": "x", "b.py": "edited" })).toEqual([found[0]]);
  expect(standingProblems(found, null, { "app.py": "x" })).toEqual([]);
});

test("errors come first, doubles once", () => {
  const merged = mergeProblems(
    [problem("b.py", 1, "warning"), problem("b.py", 9, "error")],
    [problem("a.py", 3, "error"), problem("b.py", 9, "error")],
  );
  expect(merged.map(({ file, line, severity }) => `${severity} ${file}:${line}`)).toEqual([
    "error a.py:3",
    "error b.py:9",
    "warning b.py:1",
  ]);
});
