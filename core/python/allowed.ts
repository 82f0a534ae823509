/** Which modules an app may import: the standard library, the runner's packages, and its own files. */
import type { SourceProblem } from "../contract/problem.ts";
import type { ImportRef } from "./imports.ts";
import { absoluteModule, type LocalModules } from "./modules.ts";
import type { ModuleNames } from "./names.ts";
import { nearest } from "./nearest.ts";
import { problemAt } from "./source.ts";
import { refusedStandardModules, standardLibrary } from "./stdlib.ts";

/** The first parts of what the runner's packages are imported by, from `runner/packages.json`. */
export function importNamesOf(packages: readonly { imports: readonly string[] }[]): Set<string> {
  return new Set(packages.flatMap((entry) => entry.imports.map((name) => name.split(".")[0]!)));
}

/** What to use instead of well-known packages that are not built in. */
const alternatives: Readonly<Record<string, string>> = {
  flask: "fastapi",
  django: "fastapi",
  bottle: "fastapi",
  motor: "pymongo (AsyncMongoClient)",
  mongoengine: "pymongo",
  urllib3: "httpx",
  jwt_extended: "jwt",
  passlib: "argon2",
  bcrypt: "argon2",
  ujson: "json",
  orjson: "json",
  simplejson: "json",
  pytz: "zoneinfo",
  mistune: "markdown",
  toml: "tomllib",
  tomli: "tomllib",
};

/** Findings about the imports of one file. */
export function checkImports(module: ModuleNames, local: LocalModules, allowed: ReadonlySet<string>): SourceProblem[] {
  const seen = new Set<string>();
  return module.imports.flatMap((ref) => {
    if (ref.guard === "types") return [];
    const found = ref.level === 0 ? checkAbsolute(module, local, allowed, ref) : checkRelative(module, local, ref);
    // `from x import a, b` is two imports of one module; once is enough.
    if (found === null || seen.has(`${found.code} ${ref.from}`)) return [];
    seen.add(`${found.code} ${ref.from}`);
    return [found];
  });
}

function checkAbsolute(module: ModuleNames, local: LocalModules, allowed: ReadonlySet<string>, ref: ImportRef): SourceProblem | null {
  const root = ref.module.split(".")[0]!;
  if (root === "") return null;
  if (local.roots.has(root)) return checkLocal(module, local, ref, ref.module);
  // Also what the standard library has and is refused: an administrator may know better.
  if (allowed.has(root)) return null;
  const refused = refusedStandardModules.get(root);
  const severity = ref.guard === "none" ? "error" : "warning";
  if (refused !== undefined) {
    return problemAt(
      module.source,
      ref,
      severity,
      "forbidden_import",
      `${root} may not be imported: ${refused}. Use pure Python or one of the built-in packages.`,
    );
  }
  if (standardLibrary.has(root)) return null;
  return problemAt(
    module.source,
    ref,
    severity,
    "forbidden_import",
    `${root} may not be imported: it is neither in the standard library, nor a built-in package, nor a file of this app. ${adviceFor(root, local, allowed)}`,
  );
}

function adviceFor(root: string, local: LocalModules, allowed: ReadonlySet<string>): string {
  const alternative = alternatives[root.toLowerCase()];
  if (alternative !== undefined && (allowed.has(alternative.split(" ")[0]!) || standardLibrary.has(alternative)))
    return `Use ${alternative} instead, or ask an admin to allow ${root}.`;
  const near = nearest(root, [...local.roots, ...allowed, ...[...standardLibrary].filter((name) => !name.startsWith("_"))]);
  return near === null
    ? `Use a built-in package, add a file ${root}.py, or ask an admin to allow it.`
    : `Did you mean ${near}? Otherwise use a built-in package, or ask an admin to allow ${root}.`;
}

function checkRelative(module: ModuleNames, local: LocalModules, ref: ImportRef): SourceProblem | null {
  const { path } = module.source;
  const absolute = absoluteModule(path, ref);
  if (absolute === null || !path.includes("/")) {
    const instead = ref.module === "" ? `import ${ref.name ?? ""}` : `from ${ref.module} import …`;
    return problemAt(
      module.source,
      ref,
      "warning",
      "relative_import",
      `${path} lies in no package, so an import that begins with a dot fails here. Write ${instead} without the dots.`,
    );
  }
  return checkLocal(module, local, ref, absolute);
}

/** An import of the app's own module for which there is no file. A warning: the module may be made by code. */
function checkLocal(module: ModuleNames, local: LocalModules, ref: ImportRef, name: string): SourceProblem | null {
  if (ref.guard === "optional") return null;
  const isThere = name === "" || local.fileOf.has(name) || local.packages.has(name);
  const isPackageOnly = isThere && !local.fileOf.has(name);
  const missing = !isThere
    ? name
    : isPackageOnly && ref.name !== null && ref.name !== "*"
      ? [name, ref.name].filter(Boolean).join(".")
      : null;
  if (missing === null || local.fileOf.has(missing) || local.packages.has(missing)) return null;
  const file = `${missing.split(".").join("/")}.py`;
  return problemAt(
    module.source,
    ref,
    "warning",
    "unresolved_import",
    `There is no ${file} in this app. Add the file, or correct the name.`,
  );
}

/** Files that hide a module of the standard library or a package from imports. */
export function checkShadowing(modules: Iterable<ModuleNames>, allowed: ReadonlySet<string>): SourceProblem[] {
  const problems: SourceProblem[] = [];
  const reported = new Set<string>();
  for (const { source } of modules) {
    const root = source.path.split("/")[0]!.replace(/\.py$/, "");
    if (reported.has(root) || !(standardLibrary.has(root) || allowed.has(root))) continue;
    // A folder counts only when it is a real package: a mere folder loses against an installed one.
    if (source.path.includes("/") && source.path !== `${root}/__init__.py`) continue;
    reported.add(root);
    const what = standardLibrary.has(root) ? "a module of the standard library" : "a built-in package";
    problems.push(
      problemAt(
        source,
        { from: 0, to: 0 },
        "warning",
        "shadowed_module",
        `${source.path} has the name of ${what}: import ${root} may find the wrong one of the two. Rename it.`,
      ),
    );
  }
  return problems;
}
