/** Whether the entrypoint defines `app` or `create_app()`. Only an evident absence is a finding; in any doubt loading decides. */
import { tokens } from "./mask.ts";
import type { ModuleNames } from "./names.ts";
import { textOf } from "./source.ts";

/** The names that an entrypoint may offer, best first. */
export const entrypointNames = ["app", "create_app"] as const;

/** Ways to make a name that the text does not show. */
const dynamicNames: ReadonlySet<string> = new Set([
  "globals",
  "locals",
  "vars",
  "exec",
  "eval",
  "setattr",
  "__dict__",
  "modules",
  "__getattr__",
  "import_module",
  "__import__",
]);

/**
 * The name that the entrypoint offers; `unsure` when it may make one in a way that cannot be read from the text;
 * null when it has none.
 */
export function findEntrypointName(module: ModuleNames): (typeof entrypointNames)[number] | "unsure" | null {
  const bound = entrypointNames.find((name) => module.bindings.has(name));
  if (bound !== undefined) return bound;
  return isUnsure(module) ? "unsure" : null;
}

function isUnsure({ source, imports }: ModuleNames): boolean {
  if (imports.some((ref) => ref.name === "*")) return true;
  let unsure = false;
  source.tree.iterate({
    enter: (ref) => {
      if (ref.name === "ScopeStatement")
        unsure ||= ref.node.getChildren("VariableName").some((name) => isEntrypointName(textOf(source, name)));
      else if (ref.name === "VariableName" || ref.name === "PropertyName") unsure ||= dynamicNames.has(textOf(source, ref));
      return !unsure;
    },
  });
  if (unsure || !source.incomplete) return unsure;
  // The tree has gaps, so the words themselves are asked: `app.get` only uses the name, everything else may give it.
  const all = [...tokens(source.text)];
  return all.some((token, at) => isEntrypointName(token.text) && all[at + 1]?.text !== "." && all[at - 1]?.text !== ".");
}

const isEntrypointName = (name: string) => (entrypointNames as readonly string[]).includes(name);

/** Assigned names that look meant as the app (`api = FastAPI()`), for the hint. */
export function findLikelyApp(module: ModuleNames, isApp: (name: string) => boolean): string | null {
  for (const [name, bindings] of module.bindings) if (bindings.some((binding) => binding.kind === "assign") && isApp(name)) return name;
  return null;
}
