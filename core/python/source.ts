/** One Python file, parsed. Offsets are UTF-16 units into `text`; places count lines and columns from 1, as editors do. */
import type { SyntaxNode, Tree } from "@lezer/common";
import { parser } from "@lezer/python";
import type { SourceProblem } from "../contract/problem.ts";
import { maskUnsupported } from "./mask.ts";

export interface PythonSource {
  readonly path: string;
  readonly text: string;
  readonly tree: Tree;
  /** Whether the tree has gaps, so that what is not found in it may still be there. */
  readonly incomplete: boolean;
  readonly lineStarts: readonly number[];
}

/** Parses any text; what is not Python gives a tree with error nodes, never an exception. */
export function parsePython(path: string, text: string): PythonSource {
  let tree = parser.parse(text);
  let incomplete = hasErrors(tree);
  if (incomplete) {
    // Only then: masking is needed for a few forms that are valid Python and unknown to the grammar.
    tree = parser.parse(maskUnsupported(text));
    incomplete = hasErrors(tree);
  }
  return { path, text, tree, incomplete, lineStarts: lineStartsOf(text) };
}

function hasErrors(tree: Tree): boolean {
  let found = false;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError) found = true;
      return !found;
    },
  });
  return found;
}

/** Python's and Monaco's line ends: LF, CRLF and CR. */
function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

export function placeOf(source: PythonSource, offset: number): { line: number; column: number } {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (source.lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - source.lineStarts[low]! + 1 };
}

export const textOf = (source: PythonSource, node: { from: number; to: number }): string => source.text.slice(node.from, node.to);

/** A finding about the range [from, to). */
export function problemAt(
  source: PythonSource,
  range: { from: number; to: number },
  severity: "error" | "warning",
  code: string,
  message: string,
): SourceProblem {
  const start = placeOf(source, range.from);
  const end = placeOf(source, range.to);
  return { file: source.path, ...start, endLine: end.line, endColumn: end.column, code, message, severity };
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) if (child.name !== "Comment") children.push(child);
  return children;
}

/** `a.b.c` of a name or a chain of attributes; null for anything else (calls, subscripts). */
export function dottedName(source: PythonSource, node: SyntaxNode): string | null {
  const parts: string[] = [];
  let current: SyntaxNode | null = node;
  while (current !== null && current.name === "MemberExpression") {
    const property: SyntaxNode | null = current.lastChild;
    if (property?.name !== "PropertyName") return null;
    parts.unshift(textOf(source, property));
    current = current.firstChild;
  }
  if (current?.name !== "VariableName") return null;
  return [textOf(source, current), ...parts].join(".");
}

/** The name that a `def` or `class` gives. */
export function definedName(source: PythonSource, node: SyntaxNode): string {
  const name = node.getChild("VariableName");
  return name === null ? "" : textOf(source, name);
}
