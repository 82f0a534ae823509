/** What a name in a ZIP may be, what nobody means to bring, and the folder that all of it lies in. */
import { duplicatePaths } from "../bundle-paths.ts";
import type { ZipProblem } from "./directory.ts";

/** Why unpacking an entry of this name could write somewhere else; null when it cannot. */
export function refuseName(name: string): string | null {
  if (name === "" || name.includes("\0")) return "is no name";
  if (name.includes("\\")) return "contains a backslash: folders are separated by / in a ZIP";
  if (name.startsWith("/")) return "begins with /: it leads out of the app's folder";
  if (/^[A-Za-z]:/.test(name)) return "begins with a drive: it leads out of the app's folder";
  if (name.split("/").includes("..")) return "contains .., which leads out of the app's folder";
  return null;
}

/** Entries that mean one file: twice there, or equal but for capital letters, accents' spelling, or a file where another has a folder. */
export function findDuplicates(names: readonly string[]): ZipProblem[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) (seen.has(name) ? twice : seen).add(name);
  const problem = (entry: string, message: string): ZipProblem => ({ entry, code: "zip_unsafe", message });
  return [
    ...[...twice].map((name) => problem(name, `${JSON.stringify(name)} is in this ZIP twice.`)),
    ...duplicatePaths([...seen]).map(({ path, other, message }) =>
      problem(path, `${JSON.stringify(path)} and ${JSON.stringify(other)} ${message}`),
    ),
  ];
}

/** Folders and files that tools keep beside the code; an app's own description is no such file. */
const litterFolders: ReadonlySet<string> = new Set(["__MACOSX", "__pycache__", "node_modules", "venv"]);
const litterFile = /^(Thumbs\.db|desktop\.ini|.*\.py[co])$/;

/** The part of a name at which it is left out (`lib/__pycache__/`), or null. What begins with a dot is settings, caches and secrets. */
export function findLitter(name: string): string | null {
  const parts = name.split("/");
  for (const [index, part] of parts.entries()) {
    const isFolder = index < parts.length - 1;
    const isLitter = part.startsWith(".")
      ? part !== ".fp.yaml" && part !== "."
      : isFolder
        ? litterFolders.has(part)
        : litterFile.test(part);
    if (isLitter) return parts.slice(0, index + 1).join("/") + (isFolder ? "/" : "");
  }
  return null;
}

/** The folder that all of these lie in, with its slash; empty when there is none, and for the one folder whose name means something. */
export function topFolderOf(names: readonly string[]): string {
  const [first] = names;
  const top = first === undefined ? "" : first.slice(0, first.indexOf("/") + 1);
  return top !== "static/" && names.every((name) => name.startsWith(top)) ? top : "";
}
