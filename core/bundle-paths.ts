/** Where a file of a bundle may lie: names that every file system, archive, URL and ConfigMap that they pass through can carry. */
import { bundleLimits } from "./limits.ts";

/** Kinds of text file, by extension. */
export const textExtensions = ["py", "css", "js", "svg", "html", "json", "txt", "md", "yaml", "toml", "csv", "xml"] as const;
/** Kinds of binary file, allowed under `static/` only: what a page shows, not what code reads. */
export const binaryExtensions = ["png", "jpg", "gif", "webp", "ico", "woff2"] as const;

const texts: ReadonlySet<string> = new Set(textExtensions);
const binaries: ReadonlySet<string> = new Set(binaryExtensions);

/** What people write instead, and what is meant. */
const renamedExtensions: Readonly<Record<string, string>> = {
  yml: "yaml",
  jpeg: "jpg",
  htm: "html",
  mjs: "js",
  jinja2: "html",
  j2: "html",
  markdown: "md",
};

/** Segments that tools treat as their own: compiled modules, repositories, the runner's package, the export's description. */
const reservedSegments: ReadonlySet<string> = new Set(["__pycache__", ".git", ".hg", ".svn", "fp_runner", "fp_runner.py", ".fp.yaml"]);
/** Names of devices on Windows, with or without an extension. */
const deviceName = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
/** Control and invisible characters, separators of other systems, and what shells and Windows refuse. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const badCharacter = /[\u0000-\u001f\u007f-\u009f\\:*?"<>|\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;

const extensionOf = (path: string) => /[^/]\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";

export const isTextPath = (path: string): boolean => texts.has(extensionOf(path));
export const isBinaryPath = (path: string): boolean => binaries.has(extensionOf(path));
/** Unicode spells "é" in two ways; file systems differ in which they keep. */
export const pathNormalForm = (path: string): string => path.normalize("NFC");

export interface PathProblem {
  code: "invalid_path" | "path_too_long" | "reserved_path" | "extension_not_allowed" | "binary_not_allowed";
  message: string;
}

/** What speaks against this path, in words that name it; null when it may be used. */
export function checkPath(path: string): PathProblem | null {
  const shown = JSON.stringify(path.length > 120 ? `${path.slice(0, 120)}…` : path);
  const invalid = (why: string): PathProblem => ({ code: "invalid_path", message: `${shown} cannot be a path: ${why}.` });
  if (path === "") return invalid("it is empty");
  if (path.length > bundleLimits.pathCharacters) {
    return {
      code: "path_too_long",
      message: `${shown} has ${path.length} characters; a path may have at most ${bundleLimits.pathCharacters}.`,
    };
  }
  if (path.includes("\0")) return invalid("it contains a NUL character");
  if (path.includes("\\")) return invalid("it contains a backslash; folders are separated by /");
  if (path.startsWith("/")) return invalid("it begins with /; paths are relative to the app's folder");
  const bad = badCharacter.exec(path);
  if (bad !== null) return invalid(`it contains ${describeCharacter(bad[0])}`);
  const segments = path.split("/");
  if (segments.length > bundleLimits.pathDepth) {
    return { code: "path_too_long", message: `${shown} is ${segments.length} levels deep; at most ${bundleLimits.pathDepth} are allowed.` };
  }
  for (const segment of segments) {
    const why = checkSegment(segment);
    if (why !== null) return invalid(why);
    if (reservedSegments.has(segment.toLowerCase()) || deviceName.test(segment)) {
      return { code: "reserved_path", message: `${shown} cannot be used: ${JSON.stringify(segment)} is a reserved name.` };
    }
  }
  return checkExtension(path, shown);
}

function checkSegment(segment: string): string | null {
  if (segment === "") return "it contains an empty part (two slashes, or one at its end)";
  if (segment === "..") return "it contains .., which leads out of its folder";
  if (segment === ".") return "it contains a part that is only a dot";
  if (segment !== segment.trim()) return "a part begins or ends with a space";
  if (segment.endsWith(".")) return "a part ends with a dot";
  if (new TextEncoder().encode(segment).length > bundleLimits.segmentBytes)
    return `a part is longer than ${bundleLimits.segmentBytes} bytes`;
  return null;
}

function checkExtension(path: string, shown: string): PathProblem | null {
  const extension = extensionOf(path);
  if (binaries.has(extension)) {
    if (path.startsWith("static/")) return null;
    return { code: "binary_not_allowed", message: `${shown} is a binary file; .${extension} files are allowed under static/ only.` };
  }
  if (texts.has(extension)) return null;
  const meant = renamedExtensions[extension];
  const hint = meant === undefined ? "" : ` Name it .${meant}.`;
  const what = extension === "" ? "has no extension" : `ends with .${extension}, which is not allowed`;
  return {
    code: "extension_not_allowed",
    message: `${shown} ${what}.${hint} Allowed are ${textExtensions.map((e) => `.${e}`).join(" ")}, and under static/ also ${binaryExtensions.map((e) => `.${e}`).join(" ")}.`,
  };
}

function describeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return /[:*?"<>|]/.test(character) ? `the character ${character}` : `the invisible character ${name}`;
}

/**
 * Pairs that could not lie side by side everywhere: equal but for case or Unicode form, a file where another has a folder, and
 * folders that differ only in case.
 */
export function duplicatePaths(paths: readonly string[]): { path: string; other: string; message: string }[] {
  const fold = (path: string) => pathNormalForm(path).toLowerCase();
  const found: { path: string; other: string; message: string }[] = [];
  const files = new Map<string, string>();
  for (const path of paths) {
    const other = files.get(fold(path));
    if (other === undefined) files.set(fold(path), path);
    else
      found.push({
        path,
        other,
        message: "differ only in capital letters or accents' spelling; on many machines they are one file. Rename one.",
      });
  }
  const folders = new Map<string, { folder: string; path: string }>();
  for (const path of files.values()) {
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      const folder = path.slice(0, end);
      const file = files.get(fold(folder));
      if (file !== undefined)
        found.push({ path, other: file, message: "cannot both be: one is a file where the other needs a folder. Rename one." });
      const known = folders.get(fold(folder));
      if (known === undefined) folders.set(fold(folder), { folder, path });
      else if (known.folder !== folder)
        found.push({
          path,
          other: known.path,
          message: "lie in folders that differ only in capital letters; on many machines they are one folder. Use one spelling.",
        });
    }
  }
  return found;
}
