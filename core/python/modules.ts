/** An app's own modules: which file an import means, and the rings that imports form. */
import type { SourceProblem } from "../contract/problem.ts";
import type { ImportRef } from "./imports.ts";
import type { ModuleNames } from "./names.ts";
import { problemAt } from "./source.ts";

export interface LocalModules {
  /** File by dotted module name; a package is its `__init__.py`. */
  fileOf: ReadonlyMap<string, string>;
  /** Folders with Python below them, as dotted names: importable even without `__init__.py`. */
  packages: ReadonlySet<string>;
  /** First parts of all of these: what `import x` may mean. */
  roots: ReadonlySet<string>;
}

/** `shop/store.py` is `shop.store`, a package is its `__init__.py`; null for what cannot be imported. */
export function moduleOf(path: string): string | null {
  if (!path.endsWith(".py")) return null;
  const parts = path.slice(0, -3).split("/");
  if (parts.at(-1) === "__init__") parts.pop();
  return parts.length > 0 ? parts.join(".") : null;
}

export function findLocalModules(paths: readonly string[]): LocalModules {
  const fileOf = new Map<string, string>();
  const packages = new Set<string>();
  for (const path of paths) {
    if (!path.endsWith(".py")) continue;
    const module = moduleOf(path);
    if (module !== null) fileOf.set(module, path);
    const folder = path.split("/").slice(0, -1);
    for (let length = folder.length; length > 0; length -= 1) packages.add(folder.slice(0, length).join("."));
  }
  const roots = new Set([...fileOf.keys(), ...packages].map((name) => name.split(".")[0]!));
  return { fileOf, packages, roots };
}

/** The absolute name of the module that an import in `path` names; null when its dots lead out of the app. */
export function absoluteModule(path: string, ref: ImportRef): string | null {
  if (ref.level === 0) return ref.module;
  const folder = path.split("/").slice(0, -1);
  // One dot is the file's own folder. At the top there is no package for it to mean.
  const up = ref.level - 1;
  if (up > folder.length || (folder.length - up === 0 && ref.module === "" && ref.name === "*")) return null;
  return [...folder.slice(0, folder.length - up), ...(ref.module === "" ? [] : [ref.module])].join(".");
}

/** The app's files that an import loads, in order, but not the packages that the importing file lies in: those are under way already. */
export function filesOfImport(local: LocalModules, path: string, ref: ImportRef): string[] {
  const module = absoluteModule(path, ref);
  if (module === null) return [];
  const found: string[] = [];
  const own = path.split("/").slice(0, -1).join(".");
  const parts = module === "" ? [] : module.split(".");
  for (let length = 1; length < parts.length; length += 1) {
    const name = parts.slice(0, length).join(".");
    const file = local.fileOf.get(name);
    if (file !== undefined && own !== name && !own.startsWith(`${name}.`)) found.push(file);
  }
  const submodule =
    ref.name === null || ref.name === "*" ? undefined : local.fileOf.get(module === "" ? ref.name : `${module}.${ref.name}`);
  const file = local.fileOf.get(module);
  if (submodule !== undefined) found.push(submodule);
  // `from package import module` needs the package itself only where the importer is not inside it.
  if (file !== undefined && (submodule === undefined || (own !== module && !own.startsWith(`${module}.`)))) found.push(file);
  return found;
}

interface Edge {
  to: string;
  ref: ImportRef;
}

/** One warning for each ring of imports that run when the app is loaded, spelled out from the entrypoint or its first file. */
export function findCycles(modules: ReadonlyMap<string, ModuleNames>, local: LocalModules, entrypoint: string): SourceProblem[] {
  const edges = new Map<string, Edge[]>();
  for (const [path, module] of modules) {
    const running = module.imports.filter((ref) => !ref.deferred && ref.guard !== "types");
    edges.set(
      path,
      running.flatMap((ref) => filesOfImport(local, path, ref).map((to) => ({ to, ref }))),
    );
  }
  const paths = [...modules.keys()].sort((a, b) => Number(b === entrypoint) - Number(a === entrypoint) || (a < b ? -1 : 1));
  const covered = new Set<string>();
  const problems: SourceProblem[] = [];
  for (const path of paths) {
    if (covered.has(path)) continue;
    const ring = shortestRing(edges, path);
    if (ring === null) continue;
    for (const edge of ring) covered.add(edge.to);
    const spelled = [path, ...ring.map((edge) => edge.to)].join(" → ");
    const message = `These files import each other in a circle: ${spelled}. Whichever is loaded first sees the other half-made. Move what both need into a file of its own, or import inside the function that uses it.`;
    problems.push(problemAt(modules.get(path)!.source, ring[0]!.ref, "warning", "import_cycle", message));
  }
  return problems;
}

/** Breadth first, so that the shortest way back is found. */
function shortestRing(edges: ReadonlyMap<string, readonly Edge[]>, start: string): Edge[] | null {
  const reached = new Map<string, Edge[]>();
  const queue: string[] = [start];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const way = reached.get(path) ?? [];
    for (const edge of edges.get(path) ?? []) {
      if (edge.to === start) return [...way, edge];
      if (reached.has(edge.to)) continue;
      reached.set(edge.to, [...way, edge]);
      queue.push(edge.to);
    }
  }
  return null;
}
