/** What a file imports, and under which circumstances. */
import type { SyntaxNode } from "@lezer/common";
import { childrenOf, dottedName, textOf, type PythonSource } from "./source.ts";

/**
 * Whether the import may fail or never run: `types` only type checkers see it; `optional` the code provides for its failure;
 * `conditional` it depends on the platform, the version or on being run as a script.
 */
export type ImportGuard = "none" | "types" | "optional" | "conditional";

/** One imported thing; `import a, b` and `from a import b, c` give two each. */
export interface ImportRef {
  /** Dotted module, empty in `from . import x`. */
  module: string;
  /** Leading dots of a relative import. */
  level: number;
  /** Name taken from the module by `from … import`, `*` for all, null for `import module`. */
  name: string | null;
  alias: string | null;
  /** Range of the module's name (of the whole statement where it has none). */
  from: number;
  to: number;
  /** Of `name`; null where there is none. */
  nameRange: { from: number; to: number } | null;
  guard: ImportGuard;
  /** Inside a function: runs when called, not when the app is loaded. */
  deferred: boolean;
}

/** All imports of a file in source order. */
export function findImports(source: PythonSource): ImportRef[] {
  const found: ImportRef[] = [];
  source.tree.iterate({
    enter: (ref) => {
      if (ref.name !== "ImportStatement") return true;
      const { guard, deferred } = circumstancesOf(source, ref.node);
      for (const part of readImport(source, ref.node)) found.push({ ...part, guard, deferred });
      return false;
    },
  });
  return found;
}

type Imported = Omit<ImportRef, "guard" | "deferred">;

function readImport(source: PythonSource, statement: SyntaxNode): Imported[] {
  const children = childrenOf(statement);
  return children[0]?.name === "from" ? readFrom(source, statement, children) : readPlain(source, children);
}

/** `import a.b as c, d` */
function readPlain(source: PythonSource, children: readonly SyntaxNode[]): Imported[] {
  const found: Imported[] = [];
  let current: Imported | null = null;
  let afterAs = false;
  for (const child of children.slice(1)) {
    if (child.name === "as") afterAs = true;
    else if (child.name === ",") current = null;
    else if (child.name === "VariableName" && current === null) {
      current = { module: textOf(source, child), level: 0, name: null, alias: null, from: child.from, to: child.to, nameRange: null };
      found.push(current);
    } else if (child.name === "VariableName" && current !== null) {
      if (afterAs) current.alias = textOf(source, child);
      else Object.assign(current, { module: `${current.module}.${textOf(source, child)}`, to: child.to });
      afterAs = false;
    }
  }
  return found;
}

/** `from ..a.b import c as d, e` */
function readFrom(source: PythonSource, statement: SyntaxNode, children: readonly SyntaxNode[]): Imported[] {
  const split = children.findIndex((child) => child.name === "import");
  if (split < 0) return [];
  const head = children.slice(1, split);
  const dots = head.filter((child) => child.name === "." || child.name === "Ellipsis");
  const names = head.filter((child) => child.name === "VariableName");
  // Dots between names belong to the module's name, those before the first name make it relative.
  const leading = dots.filter((dot) => names[0] === undefined || dot.from < names[0].from);
  const base = {
    module: names.map((name) => textOf(source, name)).join("."),
    level: leading.reduce((sum, dot) => sum + (dot.name === "Ellipsis" ? 3 : 1), 0),
    from: head[0]?.from ?? statement.from,
    to: head.at(-1)?.to ?? statement.to,
  };
  const found: Imported[] = [];
  let afterAs = false;
  for (const child of children.slice(split + 1)) {
    if (child.name === "as") afterAs = true;
    else if (child.name === "*") found.push({ ...base, name: "*", nameRange: null, alias: null });
    else if (child.name === "VariableName" && afterAs) {
      found.at(-1)!.alias = textOf(source, child);
      afterAs = false;
    } else if (child.name === "VariableName")
      found.push({ ...base, name: textOf(source, child), nameRange: { from: child.from, to: child.to }, alias: null });
  }
  return found;
}

function circumstancesOf(source: PythonSource, statement: SyntaxNode): { guard: ImportGuard; deferred: boolean } {
  let guard: ImportGuard = "none";
  let deferred = false;
  for (let node = statement, parent = node.parent; parent !== null; node = parent, parent = node.parent) {
    if (parent.name === "FunctionDefinition" || parent.name === "LambdaExpression") deferred = true;
    if (node.name !== "Body") continue;
    const here = guardOfBody(source, parent, node);
    if (here === "types" || guard === "none") guard = here;
  }
  return { guard, deferred };
}

function guardOfBody(source: PythonSource, statement: SyntaxNode, body: SyntaxNode): ImportGuard {
  if (statement.name === "TryStatement") return isOptionalTry(source, statement, body) ? "optional" : "none";
  if (statement.name === "WithStatement") return suppressesImportError(source, statement) ? "optional" : "none";
  if (statement.name === "IfStatement") return guardOfBranch(source, statement, body);
  return "none";
}

const importFailures: ReadonlySet<string> = new Set(["ImportError", "ModuleNotFoundError", "Exception", "BaseException"]);

/** The try's body when a handler catches a failed import, and that handler's own body: it is the other half of the choice. */
function isOptionalTry(source: PythonSource, statement: SyntaxNode, body: SyntaxNode): boolean {
  const children = childrenOf(statement);
  const first = children.find((child) => child.name === "Body");
  let catches = false;
  for (const [index, child] of children.entries()) {
    if (child.name !== "except") continue;
    const handled = children.slice(index + 1).find((next) => next.name !== "*");
    const catchesHere =
      handled?.name === "Body" || (handled !== undefined && namesIn(source, handled).some((name) => importFailures.has(name)));
    const handlerBody = children.slice(index + 1).find((next) => next.name === "Body");
    if (catchesHere && handlerBody?.from === body.from) return true;
    catches ||= catchesHere;
  }
  return catches && first?.from === body.from;
}

function suppressesImportError(source: PythonSource, statement: SyntaxNode): boolean {
  return childrenOf(statement).some((child) => {
    if (child.name !== "CallExpression") return false;
    const names = namesIn(source, child);
    return names.includes("suppress") && names.some((name) => importFailures.has(name));
  });
}

/** Names and attributes anywhere below `node`. */
function namesIn(source: PythonSource, node: SyntaxNode): string[] {
  const names: string[] = [];
  node.cursor().iterate((ref) => {
    if (ref.name === "VariableName" || ref.name === "PropertyName") names.push(textOf(source, ref));
  });
  return names;
}

function guardOfBranch(source: PythonSource, statement: SyntaxNode, body: SyntaxNode): ImportGuard {
  let test: SyntaxNode | null = null;
  let first: SyntaxNode | null = null;
  for (const child of childrenOf(statement)) {
    if (child.name === "if" || child.name === "elif" || child.name === "else") test = null;
    else if (child.name !== "Body") {
      test = child;
      first ??= child;
    } else if (child.from === body.from) break;
  }
  if (first === null) return "none";
  const about = test ?? first;
  const negated = about.name === "UnaryExpression" && about.firstChild?.name === "not";
  const name = dottedName(source, negated ? (about.lastChild ?? about) : about);
  if (name === "TYPE_CHECKING" || name?.endsWith(".TYPE_CHECKING")) return (test === null) === negated ? "types" : "none";
  if (test !== null && textOf(source, test) === "False") return "types";
  const names = namesIn(source, about);
  const asks = ["__name__", "version_info", "platform", "implementation", "os_name"].some((asked) => names.includes(asked));
  return asks || name === "os.name" || (names.includes("os") && names.includes("name")) ? "conditional" : "none";
}
