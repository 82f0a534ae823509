/**
 * Checks of users' code: what its text shows without running it. Syntax, imports, entrypoint, framework, cycles, calls that
 * work badly here. Guarantees: pure, never throws for anything that files hold, the same in browser, server and CLI; an error
 * is only what would surely fail or is against a rule, everything else is a warning or left to loading. Does not protect
 * anything: that is the sandbox's affair.
 */
import type { Framework } from "../contract/app.ts";
import type { ValidationResult } from "../contract/deployment.ts";
import type { Files } from "../contract/files.ts";
import type { SourceProblem } from "../contract/problem.ts";
import { checkFiles } from "../bundle.ts";
import { checkImports, checkShadowing } from "./allowed.ts";
import { findBlockedCalls } from "./blocked.ts";
import { findEntrypointName, findLikelyApp } from "./entrypoint.ts";
import { frameworkOf, type Lookup } from "./framework.ts";
import { findCycles, findLocalModules } from "./modules.ts";
import { readModule, type ModuleNames } from "./names.ts";
import { parsePython, textOf } from "./source.ts";
import type { SyntaxErrors } from "./syntax.ts";

export { importNamesOf } from "./allowed.ts";
export { renameImports, type ImportChange, type RenamedImports } from "./rename.ts";
export { ruffOptions, toSyntaxErrors, type RuffDiagnostic, type SyntaxErrors, type SyntaxFault } from "./syntax.ts";
export { isStandardModule, standardLibrary } from "./stdlib.ts";

export const defaultEntrypoint = "app.py";

export interface PythonCheckOptions {
  /** `app.py` when absent. */
  entrypoint?: string | undefined;
  /** First parts of the importable packages: `importNamesOf(packages)` and what an admin added. */
  allowedImports: ReadonlySet<string>;
  syntaxErrors: SyntaxErrors;
}

/** Checks all files of an app. `ok` means that nothing found is an error; `framework` is null when the text does not show it. */
export function checkPython(files: Files, options: PythonCheckOptions): ValidationResult {
  const entrypoint = options.entrypoint ?? defaultEntrypoint;
  const problems: SourceProblem[] = checkFiles(files);
  // Far beyond the limits nothing is read: the time that checking takes is bounded by them.
  const tooMuch = problems.some(({ code }) => code === "bundle_too_large" || code === "file_too_large" || code === "too_many_files");
  if (tooMuch) return { ok: false, framework: null, problems: inOrder(problems) };

  const faulty = new Set<string>();
  const modules = readModules(files, (path, text) => {
    const faults = options.syntaxErrors(text);
    if (faults.length > 0) faulty.add(path);
    problems.push(...faults.map((fault): SourceProblem => ({ file: path, code: "syntax_error", severity: "error", ...fault })));
    return faults.length === 0;
  });
  const lookup: Lookup = { modules, local: findLocalModules(Object.keys(files)) };
  for (const module of modules.values()) {
    problems.push(...checkImports(module, lookup.local, options.allowedImports), ...findBlockedCalls(module));
  }
  problems.push(...checkShadowing(modules.values(), options.allowedImports), ...findCycles(modules, lookup.local, entrypoint));
  const { framework, problem } = checkEntrypoint(lookup, files, entrypoint, faulty);
  if (problem !== null) problems.push(problem);
  return { ok: !problems.some(({ severity }) => severity === "error"), framework, problems: inOrder(problems) };
}

/** The framework of an app from its code alone; null when the text does not show it. */
export function detectFramework(files: Files, entrypoint: string = defaultEntrypoint): Framework | null {
  const lookup: Lookup = { modules: readModules(files, () => true), local: findLocalModules(Object.keys(files)) };
  return checkEntrypoint(lookup, files, entrypoint, new Set()).framework;
}

const mongoPackages: ReadonlySet<string> = new Set(["pymongo", "motor", "bson", "gridfs", "mongoengine", "beanie", "odmantic"]);
const mongoVariable = "platform_mongo_uri";

/** Whether the code uses MongoDB: imports a driver, or reads `PLATFORM_MONGO_URI` (as a string or as a settings field). */
export function usesMongo(files: Files): boolean {
  for (const { source, imports } of readModules(files, () => true).values()) {
    if (imports.some((ref) => ref.level === 0 && mongoPackages.has(ref.module.split(".")[0]!))) return true;
    let found = false;
    source.tree.iterate({
      enter: (ref) => {
        const isText = ref.name === "String" || ref.name === "FormatString";
        if (isText || ref.name === "VariableName" || ref.name === "PropertyName")
          found ||= textOf(source, ref).toLowerCase().includes(mongoVariable);
        return !found;
      },
    });
    if (found) return true;
  }
  return false;
}

/** Python files by path, without those that `accept` refuses. */
function readModules(files: Files, accept: (path: string, text: string) => boolean): Map<string, ModuleNames> {
  const modules = new Map<string, ModuleNames>();
  for (const path of Object.keys(files).sort()) {
    const text = files[path];
    if (!path.endsWith(".py") || typeof text !== "string" || !accept(path, text)) continue;
    modules.set(path, readModule(parsePython(path, text)));
  }
  return modules;
}

interface EntrypointFinding {
  framework: Framework | null;
  problem: SourceProblem | null;
}

function checkEntrypoint(lookup: Lookup, files: Files, entrypoint: string, faulty: ReadonlySet<string>): EntrypointFinding {
  const at = (code: string, message: string): EntrypointFinding => ({
    framework: null,
    problem: { file: entrypoint, line: 1, column: 1, code, message, severity: "error" },
  });
  if (typeof files[entrypoint] !== "string" || !entrypoint.endsWith(".py")) {
    return at("no_entrypoint", `There is no ${entrypoint}. It is the app's entrypoint: add the file and define app or create_app() in it.`);
  }
  const module = lookup.modules.get(entrypoint);
  if (module === undefined || faulty.has(entrypoint)) return { framework: null, problem: null };
  const name = findEntrypointName(module);
  if (name === null) {
    const likely = findLikelyApp(module, (candidate) => frameworkOf(lookup, entrypoint, candidate) !== null);
    const hint = likely === null ? "Add, for example, app = FastAPI()." : `Rename ${likely} to app, or add app = ${likely} at the end.`;
    return at("no_app", `${entrypoint} defines neither app nor create_app(), so there is nothing to serve. ${hint}`);
  }
  const followed = frameworkOf(lookup, entrypoint, name === "unsure" ? "app" : name);
  return { framework: followed ?? guessFramework(module, name), problem: null };
}

/** Where `app` cannot be followed: what the entrypoint imports, else, where it surely binds one, some ASGI app. */
function guessFramework(module: ModuleNames, name: string): Framework | null {
  const roots = new Set(module.imports.filter((ref) => ref.level === 0 && ref.guard !== "types").map((ref) => ref.module.split(".")[0]));
  const hasBothOrCall =
    module.bindings.get(name)?.some((binding) => binding.kind === "assign" && binding.node.name === "CallExpression") ?? false;
  // `app = Middleware(api)`: wrapped, it is no longer the framework's own class.
  if (hasBothOrCall) return "asgi";
  if (roots.has("fasthtml")) return "fasthtml";
  if (roots.has("fastapi")) return "fastapi";
  return name === "unsure" ? null : "asgi";
}

/** By file, then by place; errors before warnings at the same place. */
function inOrder(problems: SourceProblem[]): SourceProblem[] {
  const rank = { error: 0, warning: 1, info: 2 };
  return problems.sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column || rank[a.severity] - rank[b.severity],
  );
}
