/**
 * Python off the main thread: the platform's own checks of an app's files (the same code as on the server), ruff's lint of
 * each file, and ruff's formatter. Ruff's WebAssembly is loaded on the first question; where it cannot be, the checks of
 * structure still answer and formatting says why it does not.
 */
import initRuff, { PositionEncoding, Workspace, type Diagnostic } from "@astral-sh/ruff-wasm-web";
import { checkPython, importNamesOf, renameImports, usesMongo } from "#core/python/index.ts";
import type { Files } from "#core/contract/files.ts";
import type { SourceProblem } from "#core/contract/problem.ts";
import packages from "../../../../runner/packages.json" with { type: "json" };
import type { Answer, Question } from "./python-questions.ts";

const builtIn = importNamesOf(packages.packages);

/** Pyflakes finds mistakes (undefined names, unused imports), not taste: nothing here tells people how to write. */
const options = { "target-version": "py311", "line-length": 100, lint: { select: ["F", "B006", "B023"] } };

let loading: Promise<Workspace | null> | undefined;
/** Lint by text: an unchanged file costs nothing when another one is typed in. */
const linted = new Map<string, Diagnostic[]>();

function ruff(): Promise<Workspace | null> {
  loading ??= initRuff().then(
    () => new Workspace(options, PositionEncoding.Utf16),
    (error: unknown) => {
      // oxlint-disable-next-line no-console -- a worker has nowhere else to say that it works with less
      console.warn("Ruff could not be loaded; Python is checked without it.", error);
      return null;
    },
  );
  return loading;
}

self.addEventListener("message", (event: MessageEvent<Question>) => {
  void answer(event.data).then((value) => self.postMessage(value));
});

async function answer(question: Question): Promise<Answer> {
  try {
    if (question.kind === "rename") return { id: question.id, renamed: renameImports(question.files, question.from, question.to) };
    const workspace = await ruff();
    if (question.kind === "format") {
      if (workspace === null) return { id: question.id, error: "The formatter could not be loaded." };
      return { id: question.id, text: workspace.format(question.text) };
    }
    return { id: question.id, ...check(workspace, question) };
  } catch (error) {
    return {
      id: question.id,
      error: question.kind === "format" ? "This file has a syntax error, so it cannot be formatted." : String(error),
    };
  }
}

function check(workspace: Workspace | null, { files, entrypoint, allowed }: Extract<Question, { kind: "check" }>) {
  const lint = (source: string) => (workspace === null ? [] : lintOf(workspace, source));
  const syntaxErrors = (source: string) =>
    lint(source)
      .filter(isSyntaxError)
      .map(({ message, start_location: start, end_location: end }) => ({
        line: start.row,
        column: start.column,
        endLine: end.row,
        endColumn: end.column,
        message: withoutPrefix(message),
      }));
  const allowedImports = new Set([...builtIn, ...allowed]);
  const { problems, framework } = checkPython(files, { entrypoint, allowedImports, syntaxErrors });
  return { problems: [...problems, ...findings(files, lint)], framework, usesMongo: usesMongo(files) };
}

function lintOf(workspace: Workspace, source: string): Diagnostic[] {
  const known = linted.get(source);
  if (known !== undefined) return known;
  // Twice the most files an app may have: enough for two states of each.
  if (linted.size > 100) linted.clear();
  const found = workspace.check(source) as Diagnostic[];
  linted.set(source, found);
  return found;
}

const isSyntaxError = ({ code }: Diagnostic) => code === null || code === "invalid-syntax";
const withoutPrefix = (message: string) => message.replace(/^SyntaxError: /, "");

/** Ruff's findings beside the platform's. They stop nothing: an unused import is a hint, an undefined name a warning. */
function findings(files: Files, lint: (source: string) => Diagnostic[]): SourceProblem[] {
  return Object.entries(files).flatMap(([file, content]) => {
    if (!file.endsWith(".py") || typeof content !== "string") return [];
    return lint(content)
      .filter((diagnostic) => !isSyntaxError(diagnostic))
      .map(({ code, message, start_location: start, end_location: end }): SourceProblem => ({
        file,
        line: start.row,
        column: start.column,
        endLine: end.row,
        endColumn: end.column,
        code: code ?? "ruff",
        message,
        severity: code === "F401" || code === "F841" ? "info" : "warning",
      }));
  });
}
