/** What a renamed file means for the imports that name it. Pure. */
import type { SyntaxNodeRef } from "@lezer/common";
import type { Files } from "../contract/files.ts";
import { findImports, type ImportRef } from "./imports.ts";
import { absoluteModule, moduleOf } from "./modules.ts";
import { dottedName, parsePython, placeOf, type PythonSource } from "./source.ts";

/** One import that names the renamed file, with its line as it is and as it would be. */
export interface ImportChange {
  file: string;
  line: number;
  before: string;
  after: string;
}

export interface RenamedImports {
  changes: ImportChange[];
  /** The files that change, with their new text. */
  files: Record<string, string>;
}

interface Edit {
  from: number;
  to: number;
  text: string;
}

/**
 * The imports that must follow when `from` becomes `to`. `files` are those after the rename. Names in code stay valid: `import store`
 * becomes `import shop as store`.
 */
export function renameImports(files: Files, from: string, to: string): RenamedImports {
  const [before, after] = [moduleOf(from), moduleOf(to)];
  const result: RenamedImports = { changes: [], files: {} };
  if (before === null || after === null) return result;
  for (const path of Object.keys(files).sort()) {
    const text = files[path];
    if (!path.endsWith(".py") || typeof text !== "string") continue;
    const source = parsePython(path, text);
    // A moved file still says what was right where it was.
    const edits = path === to ? editsOfMoved(source, from) : editsOf(source, before, after);
    if (edits.length === 0) continue;
    const changed = applyEdits(text, edits);
    result.files[path] = changed;
    result.changes.push(...toChanges(source, changed, edits));
  }
  return result;
}

function editsOf(source: PythonSource, before: string, after: string): Edit[] {
  const edits: Edit[] = [];
  const imports = findImports(source);
  let isUsedDotted = false;
  for (const ref of imports) {
    const module = absoluteModule(source.path, ref);
    if (module === before && ref.name === null) {
      edits.push({ ...rangeOf(ref), text: ref.alias === null && !before.includes(".") ? `${after} as ${before}` : after });
      isUsedDotted ||= ref.alias === null && before.includes(".");
    } else if (module === before) {
      // `from store import a, b` names its module once.
      if (!edits.some((edit) => edit.from === ref.from)) edits.push({ ...rangeOf(ref), text: spell(source.path, ref.level, after) });
    } else if (ref.name !== null && ref.nameRange !== null && (module === "" ? ref.name : `${module}.${ref.name}`) === before) {
      const isAlone = imports.filter((each) => each.from === ref.from).length === 1;
      edits.push(...editsOfName(source, ref, after, isAlone));
    }
  }
  return isUsedDotted ? [...edits, ...editsOfUses(source, before, after)] : edits;
}

const rangeOf = ({ from, to }: { from: number; to: number }) => ({ from, to });

/** `from shop import store`, where `shop/store.py` moved. Beside other names only within its folder: these do not move. */
function editsOfName(source: PythonSource, ref: ImportRef, after: string, isAlone: boolean): Edit[] {
  const cut = after.lastIndexOf(".");
  const [parent, name] = [after.slice(0, Math.max(0, cut)), after.slice(cut + 1)];
  const isSameFolder = parent === absoluteModule(source.path, ref);
  if (!isSameFolder && (!isAlone || (parent === "" && ref.level === 0))) return [];
  const renamed: Edit = { ...ref.nameRange!, text: ref.alias === null && name !== ref.name ? `${name} as ${ref.name}` : name };
  return isSameFolder ? [renamed] : [{ ...rangeOf(ref), text: spell(source.path, ref.level, parent) }, renamed];
}

/** A module as an import in `path` names it: with as many dots as before where these still lead to it. */
function spell(path: string, level: number, module: string): string {
  if (level === 0) return module;
  const folder = path.split("/").slice(0, -1);
  const prefix = folder
    .slice(0, folder.length - (level - 1))
    .map((part) => `${part}.`)
    .join("");
  return `${module}.`.startsWith(prefix) || module === "" ? ".".repeat(level) + module.slice(prefix.length) : module;
}

/** `import shop.store` is used as `shop.store.find()`. */
function editsOfUses(source: PythonSource, before: string, after: string): Edit[] {
  const edits: Edit[] = [];
  source.tree.iterate({
    enter: (ref: SyntaxNodeRef) => {
      if (ref.name !== "MemberExpression" || dottedName(source, ref.node) !== before) return true;
      edits.push({ ...rangeOf(ref), text: after });
      return false;
    },
  });
  return edits;
}

/** Relative imports of a file that went to another folder name what they named before. */
function editsOfMoved(source: PythonSource, from: string): Edit[] {
  const folderOf = (path: string): string => path.split("/").slice(0, -1).join("/");
  if (folderOf(from) === folderOf(source.path)) return [];
  const edits: Edit[] = [];
  for (const ref of findImports(source)) {
    const module = ref.level === 0 ? null : absoluteModule(from, ref);
    if (module === null || module === "" || edits.some((edit) => edit.from === ref.from)) continue;
    edits.push({ ...rangeOf(ref), text: module });
  }
  return edits;
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let changed = text;
  for (const { from, to, text: next } of edits.toSorted((left, right) => right.from - left.from))
    changed = changed.slice(0, from) + next + changed.slice(to);
  return changed;
}

function toChanges(source: PythonSource, changed: string, edits: readonly Edit[]): ImportChange[] {
  const [before, after] = [source.text, changed].map((text) => text.split(/\r\n|\n|\r/));
  const lines = new Set(edits.map(({ from }) => placeOf(source, from).line));
  return [...lines]
    .sort((left, right) => left - right)
    .map((line) => ({ file: source.path, line, before: before![line - 1]!.trim(), after: after![line - 1]!.trim() }));
}
