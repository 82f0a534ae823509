/** What `app` is made by, followed through assignments, functions, classes and the app's own files. */
import type { SyntaxNode } from "@lezer/common";
import type { Framework } from "../contract/app.ts";
import { absoluteModule, type LocalModules } from "./modules.ts";
import { findBindings, qualifiedName, type Binding, type ModuleNames } from "./names.ts";
import { childrenOf, dottedName, textOf } from "./source.ts";

export interface Lookup {
  modules: ReadonlyMap<string, ModuleNames>;
  local: LocalModules;
}

/** Deep enough for factories that call factories; a ring of imports ends here too. */
const mostSteps = 12;

function frameworkOfName(name: string): Framework | null {
  const [root] = name.split(".");
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (root === "fastapi" && last === "FastAPI") return "fastapi";
  if (root === "fasthtml" && (last === "FastHTML" || last === "fast_app" || last === "FastHTMLWithLiveReload")) return "fasthtml";
  return root === "starlette" && last === "Starlette" ? "asgi" : null;
}

/** The framework of a module's name (`app`, or `create_app` called); null when the text does not show it. */
export function frameworkOf(lookup: Lookup, path: string, name: string): Framework | null {
  return ofName(lookup, path, name, mostSteps);
}

function ofName(lookup: Lookup, path: string, name: string, steps: number): Framework | null {
  const module = lookup.modules.get(path);
  if (module === undefined || steps === 0) return null;
  // The last binding is the one that counts when the module is loaded; in branches it is as good a guess as any.
  for (const binding of [...(module.bindings.get(name) ?? [])].reverse()) {
    const found = ofBinding(lookup, path, module, binding, steps - 1);
    if (found !== null) return found;
  }
  return ofStars(lookup, path, module, name, steps - 1);
}

function ofBinding(lookup: Lookup, path: string, module: ModuleNames, binding: Binding, steps: number): Framework | null {
  if (binding.kind === "import") return ofImported(lookup, path, binding, steps);
  if (binding.kind === "assign") return ofExpression(lookup, path, module, elementOf(binding), null, steps);
  if (binding.kind === "class") return ofBases(lookup, path, module, binding.node, steps);
  return binding.kind === "function" ? (ofReturns(lookup, path, module, binding.node, steps) ?? asgiBySignature(binding.node)) : null;
}

/** The matching part of `app, x = A(), B()`; a call that gives a tuple stands for all of its parts. */
function elementOf(binding: Binding): SyntaxNode {
  if (binding.index === null || binding.node.name !== "TupleExpression") return binding.node;
  const parts = childrenOf(binding.node).filter((child) => ![",", "(", ")"].includes(child.name));
  return parts[binding.index] ?? binding.node;
}

/** `async def app(scope, receive, send)` */
function asgiBySignature(definition: SyntaxNode): Framework | null {
  const parameters = definition.getChild("ParamList")?.getChildren("VariableName").length ?? 0;
  return definition.getChild("async") !== null && parameters === 3 ? "asgi" : null;
}

function ofImported(lookup: Lookup, path: string, binding: Binding, steps: number): Framework | null {
  const ref = binding.imported!;
  const target = absoluteModule(path, ref);
  if (target === null || ref.name === null) return null;
  const file = lookup.local.fileOf.get(target);
  if (file !== undefined) return ofName(lookup, file, ref.name, steps);
  return frameworkOfName(`${target}.${ref.name}`);
}

function ofStars(lookup: Lookup, path: string, module: ModuleNames, name: string, steps: number): Framework | null {
  for (const ref of module.imports) {
    const target = ref.name === "*" ? absoluteModule(path, ref) : null;
    if (target === null) continue;
    const file = lookup.local.fileOf.get(target);
    const found = file === undefined ? frameworkOfName(`${target}.${name}`) : ofName(lookup, file, name, steps);
    if (found !== null) return found;
  }
  return null;
}

/** `inner` holds the names of the function around the expression, which hide the module's. */
function ofExpression(
  lookup: Lookup,
  path: string,
  module: ModuleNames,
  node: SyntaxNode,
  inner: ReadonlyMap<string, readonly Binding[]> | null,
  steps: number,
): Framework | null {
  if (steps <= 0) return null;
  const again = (next: SyntaxNode | null) => (next === null ? null : ofExpression(lookup, path, module, next, inner, steps - 1));
  if (node.name === "ParenthesizedExpression" || node.name === "TupleExpression") return again(childrenOf(node)[1] ?? null);
  if (node.name === "ConditionalExpression") return again(node.firstChild) ?? again(node.lastChild);
  if (node.name === "CallExpression") return again(node.firstChild);
  const name = dottedName(module.source, node);
  if (name === null) return null;
  const bound = inner?.get(name);
  if (bound !== undefined) {
    for (const binding of [...bound].reverse()) {
      const found = binding.kind === "assign" ? again(elementOf(binding)) : null;
      if (found !== null) return found;
    }
    return null;
  }
  const qualified = qualifiedName(module, node);
  const known = qualified === null ? null : frameworkOfName(qualified);
  if (known !== null) return known;
  if (!name.includes(".")) return ofName(lookup, path, name, steps - 1);
  return ofAttribute(lookup, qualified ?? name, steps);
}

/** `routes.main.app` where `routes/main.py` is one of the app's files. */
function ofAttribute(lookup: Lookup, qualified: string, steps: number): Framework | null {
  const dot = qualified.lastIndexOf(".");
  const file = lookup.local.fileOf.get(qualified.slice(0, dot));
  return file === undefined ? null : ofName(lookup, file, qualified.slice(dot + 1), steps - 1);
}

function ofReturns(lookup: Lookup, path: string, module: ModuleNames, definition: SyntaxNode, steps: number): Framework | null {
  const inner = findBindings(module.source, definition);
  let found: Framework | null = null;
  definition.cursor().iterate((ref) => {
    if (ref.name === "ReturnStatement" && found === null) {
      const value = ref.node.firstChild?.nextSibling ?? null;
      if (value !== null) found = ofExpression(lookup, path, module, value, inner, steps - 1);
    }
    return ref.from === definition.from || ref.name !== "FunctionDefinition";
  });
  return found;
}

function ofBases(lookup: Lookup, path: string, module: ModuleNames, definition: SyntaxNode, steps: number): Framework | null {
  for (const base of childrenOf(definition.getChild("ArgList") ?? definition)) {
    if (base.name !== "VariableName" && base.name !== "MemberExpression") continue;
    if (base.from === definition.getChild("VariableName")?.from || textOf(module.source, base) === "object") continue;
    const found = ofExpression(lookup, path, module, base, null, steps - 1);
    if (found !== null) return found;
  }
  return null;
}
