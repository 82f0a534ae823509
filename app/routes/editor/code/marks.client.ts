/** Findings as Monaco shows them: squiggles for all, the whole line for why a deployment failed. */
import type { SourceProblem } from "#core/contract/problem.ts";
import { markerOwner, type Models } from "./models.client.ts";
import { monaco } from "./monaco.client.ts";

const severities = {
  error: monaco.MarkerSeverity.Error,
  warning: monaco.MarkerSeverity.Warning,
  info: monaco.MarkerSeverity.Hint,
} as const;

/** Replaces the marks in every file. A finding without an end covers the word, or the rest of its line. */
export function setMarks(models: Models, paths: readonly string[], problems: readonly SourceProblem[]): void {
  for (const path of paths) {
    const model = models.get(path);
    if (model === null) continue;
    monaco.editor.setModelMarkers(
      model,
      markerOwner,
      problems.filter(({ file }) => file === path).map((problem) => toMarker(model, problem)),
    );
  }
}

function toMarker(model: monaco.editor.ITextModel, problem: SourceProblem): monaco.editor.IMarkerData {
  const startLineNumber = Math.min(problem.line, model.getLineCount());
  const startColumn = Math.min(problem.column, model.getLineMaxColumn(startLineNumber));
  const first = model.getLineFirstNonWhitespaceColumn(startLineNumber);
  const wholeLine = startColumn === 1 && problem.endColumn === undefined;
  return {
    startLineNumber,
    startColumn: wholeLine ? Math.max(first, 1) : startColumn,
    endLineNumber: Math.min(problem.endLine ?? startLineNumber, model.getLineCount()),
    endColumn:
      problem.endColumn ??
      (wholeLine
        ? model.getLineMaxColumn(startLineNumber)
        : (model.getWordAtPosition({ lineNumber: startLineNumber, column: startColumn })?.endColumn ??
          model.getLineMaxColumn(startLineNumber))),
    severity: severities[problem.severity],
    message: problem.message,
    source: problem.code,
    ...(problem.code === "F401" || problem.code === "F841" ? { tags: [monaco.MarkerTag.Unnecessary] } : {}),
  };
}

/** The lines that a failed deployment names, tinted in `path`. */
export function failedLines(path: string, problems: readonly SourceProblem[]): monaco.editor.IModelDeltaDecoration[] {
  return problems
    .filter(({ file, severity }) => file === path && severity === "error")
    .map(({ line, message }) => ({
      range: new monaco.Range(line, 1, line, 1),
      options: {
        isWholeLine: true,
        className: "fp-failed-line",
        linesDecorationsClassName: "fp-failed-glyph",
        hoverMessage: { value: message },
      },
    }));
}
