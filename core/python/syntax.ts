/** Syntax errors as `checkPython` wants them, and how ruff is asked for them. No ruff in here: whoever calls brings it. */

/** Lines and columns count from 1 in UTF-16 units; an end is exclusive. */
export interface SyntaxFault {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  message: string;
}

/** All syntax errors of a source, in order. Throws for nothing that the source holds. */
export type SyntaxErrors = (source: string) => SyntaxFault[];

/** What ruff's `Workspace.check` gives, as far as it is used here. */
export interface RuffDiagnostic {
  code: string | null;
  message: string;
  start_location: { row: number; column: number };
  end_location: { row: number; column: number };
}

/**
 * Rules that are errors of CPython's compiler, found after parsing: `break`, `continue`, `return`, `yield` and `await` out of
 * place, `global` after use, `nonlocal` without a binding, `__future__` too late or unknown, `yield from` in a coroutine, two stars in one target.
 */
const compilerRules = [
  "F404",
  "F407",
  "F621",
  "F622",
  "F701",
  "F702",
  "F704",
  "F706",
  "PLE0115",
  "PLE0117",
  "PLE0118",
  "PLE1142",
  "PLE1700",
];

/** Options for ruff's `Workspace`: syntax only, for one version of Python (`3.11`). */
export function ruffOptions(pythonVersion: string): Record<string, unknown> {
  return { "target-version": `py${pythonVersion.split(".").slice(0, 2).join("")}`, lint: { select: compilerRules } };
}

/** Beyond this an editor's list of problems helps nobody: one missing bracket causes dozens. */
const mostFaults = 20;

/**
 * Runs `check` and turns its answer into faults. A source nested so deeply that the parser itself gives up is at fault too.
 */
export function toSyntaxErrors(check: () => readonly RuffDiagnostic[], source: string): SyntaxFault[] {
  if (tooDeep(source)) return [deepFault];
  let diagnostics: readonly RuffDiagnostic[];
  try {
    diagnostics = check();
  } catch (error) {
    // A recursive parser out of stack: `RangeError` from V8, `RuntimeError` from engines that trap. CPython refuses such code as well.
    if (error instanceof RangeError || (error instanceof Error && error.name === "RuntimeError")) return [deepFault];
    throw error;
  }
  const seen = new Set<number>();
  const faults: SyntaxFault[] = [];
  for (const { start_location: start, end_location: end, message } of diagnostics) {
    // What follows on the same line is the parser's guess after its first surprise.
    if (seen.has(start.row) || faults.length === mostFaults) continue;
    seen.add(start.row);
    faults.push({ line: start.row, column: start.column, endLine: end.row, endColumn: end.column, message: capitalise(message) });
  }
  return faults.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** CPython's tokenizer has the same limit; recursive parsers run out of stack soon after. */
const mostBrackets = 200;
const deepFault: SyntaxFault = {
  line: 1,
  column: 1,
  endLine: 1,
  endColumn: 2,
  message: "Too deeply nested: Python cannot compile an expression with so many levels",
};

function tooDeep(source: string): boolean {
  let open = 0;
  for (let i = 0; i < source.length; i += 1) {
    const character = source[i]!;
    // Brackets in strings and comments count too: only a source that no one wrote has 200 more opened than closed.
    if ("([{".includes(character)) open += 1;
    else if (")]}".includes(character)) open = Math.max(0, open - 1);
    if (open > mostBrackets) return true;
  }
  return false;
}

const capitalise = (message: string) => message.charAt(0).toUpperCase() + message.slice(1);
