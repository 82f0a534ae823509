/** What the names of a module stand for, as far as its text shows it. */
import type { SyntaxNode } from "@lezer/common";
import { findImports, type ImportRef } from "./imports.ts";
import { childrenOf, definedName, dottedName, textOf, type PythonSource } from "./source.ts";

/** Something that gives a name its value. `value` is absent where the text does not show one (a loop, a pattern, `with … as`). */
export interface Binding {
  kind: "assign" | "function" | "class" | "import" | "other";
  /** The assigned expression, or the definition. */
  node: SyntaxNode;
  /** Position among the targets of a tuple assignment. */
  index: number | null;
  imported: ImportRef | null;
}

export interface ModuleNames {
  source: PythonSource;
  imports: readonly ImportRef[];
  /** Bindings at module level, in branches and blocks too, by name and in source order. */
  bindings: ReadonlyMap<string, readonly Binding[]>;
}

const scopes: ReadonlySet<string> = new Set(["FunctionDefinition", "ClassDefinition", "LambdaExpression"]);

/** Names bound directly in `root`: functions and classes inside are bindings themselves and are not entered. */
export function findBindings(source: PythonSource, root: SyntaxNode): Map<string, Binding[]> {
  const bindings = new Map<string, Binding[]>();
  const bind = (name: string, binding: Omit<Binding, "imported" | "index"> & { index?: number | null }) => {
    const list = bindings.get(name) ?? [];
    list.push({ index: null, imported: null, ...binding });
    bindings.set(name, list);
  };
  root.cursor().iterate((ref) => {
    if (ref.from === root.from && ref.name === root.name) return true;
    if (ref.name === "AssignStatement" || ref.name === "NamedExpression") bindTargets(source, ref.node, bind);
    else if (ref.name === "FunctionDefinition" || ref.name === "ClassDefinition") {
      bind(definedName(source, ref.node), { kind: ref.name === "ClassDefinition" ? "class" : "function", node: ref.node });
    } else if (ref.name === "ForStatement" || ref.name === "WithStatement" || ref.name === "TryStatement")
      bindHeader(source, ref.node, bind);
    else if (
      ref.name.endsWith("Pattern") ||
      ref.name === "UpdateStatement" ||
      ref.name === "TypeDefinition" ||
      ref.name === "DeleteStatement"
    ) {
      for (const child of ref.node.getChildren("VariableName")) bind(textOf(source, child), { kind: "other", node: ref.node });
    }
    // As an argument, `app := 1` is no expression of its own in the tree.
    else if (ref.name === "AssignOp" && textOf(source, ref) === ":=") {
      const target = ref.node.prevSibling;
      if (target?.name === "VariableName" && ref.node.parent?.name !== "NamedExpression")
        bind(textOf(source, target), { kind: "other", node: target });
    }
    return !scopes.has(ref.name);
  });
  return bindings;
}

type Bind = (name: string, binding: Omit<Binding, "imported" | "index"> & { index?: number | null }) => void;

/** `a = b, c = value`: every target list gets the last expression. */
function bindTargets(source: PythonSource, statement: SyntaxNode, bind: Bind): void {
  const children = childrenOf(statement);
  const operators = children.filter((child) => child.name === "AssignOp");
  const value = operators.length === 0 ? null : children.at(-1)!;
  const lastOperator = operators.at(-1);
  let index = 0;
  const target = (node: SyntaxNode, position: number | null) => {
    if (node.name === "VariableName")
      bind(textOf(source, node), { kind: value === null ? "other" : "assign", node: value ?? node, index: position });
    if (!["TupleExpression", "ArrayExpression", "ParenthesizedExpression"].includes(node.name)) return;
    childrenOf(node)
      .filter((child) => child.name === "VariableName" || child.name.endsWith("Expression"))
      .forEach((child, at) => target(child, node.name === "ParenthesizedExpression" ? position : at));
  };
  const isList = children.some((child) => child.name === ",");
  for (const child of children) {
    if (lastOperator !== undefined && child.from >= lastOperator.from) break;
    if (child.name === "AssignOp") index = 0;
    else if (child.name === ",") index += 1;
    else target(child, isList ? index : null);
  }
}

/** Names in the head of `for`, `with` and `except … as`: any of them may be bound, none shows what it is. */
function bindHeader(source: PythonSource, statement: SyntaxNode, bind: Bind): void {
  let binds = statement.name === "ForStatement";
  for (const child of childrenOf(statement)) {
    if (child.name === "as") binds = true;
    else if (child.name === "in") binds = false;
    else if (child.name === "Body") binds = false;
    else if (binds) {
      child.cursor().iterate((ref) => {
        if (ref.name === "VariableName") bind(textOf(source, ref), { kind: "other", node: statement });
      });
    }
  }
}

export function readModule(source: PythonSource): ModuleNames {
  const imports = findImports(source);
  const bindings = findBindings(source, source.tree.topNode);
  for (const imported of imports) {
    if (imported.deferred || imported.name === "*") continue;
    const name = imported.alias ?? imported.name ?? imported.module.split(".")[0]!;
    const list = bindings.get(name) ?? [];
    list.push({ kind: "import", node: source.tree.topNode, index: null, imported });
    bindings.set(name, list);
  }
  return { source, imports, bindings };
}

/**
 * The full name that `node` (a name or a chain of attributes) reaches through the file's absolute imports, wherever they stand:
 * `sp.run` after `import subprocess as sp` is `subprocess.run`. A name that nothing binds is given as it is, since it may be a builtin.
 */
export function qualifiedName(module: ModuleNames, node: SyntaxNode): string | null {
  const name = dottedName(module.source, node);
  if (name === null) return null;
  const [head = "", ...rest] = name.split(".");
  const imported = module.imports.find(
    (ref) => ref.level === 0 && ref.name !== "*" && (ref.alias ?? ref.name ?? ref.module.split(".")[0]) === head,
  );
  if (imported === undefined) return module.bindings.has(head) ? null : name;
  const target = imported.name !== null ? `${imported.module}.${imported.name}` : imported.alias !== null ? imported.module : head;
  return [target, ...rest].join(".");
}
