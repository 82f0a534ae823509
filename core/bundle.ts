/**
 * A bundle: an immutable set of files, named by the SHA-256 of its content. The rules for paths and sizes, and the name.
 * Pure: the same in the browser (before saving), the server (before storing) and the CLI.
 */
import type { FileContent, Files } from "./contract/files.ts";
import type { SourceProblem } from "./contract/problem.ts";
import { bundleLimits, formatBytes } from "./limits.ts";
import { checkPath, duplicatePaths, isBinaryPath, isTextPath, pathNormalForm } from "./bundle-paths.ts";
import { sha256 } from "./sha256.ts";

export { binaryExtensions, checkPath, isBinaryPath, isTextPath, textExtensions } from "./bundle-paths.ts";

const utf8 = new TextEncoder();

/** The bytes that a file's content stands for. Invalid base64 gives an empty array; `checkFiles` names it. */
export function contentBytes(content: FileContent): Uint8Array {
  if (typeof content === "string") return utf8.encode(content);
  return decodeBase64(content.base64) ?? new Uint8Array();
}

/** The content of a file from its bytes, in the form its path asks for. @throws TypeError when a text file's bytes are not UTF-8. */
export function contentFromBytes(path: string, bytes: Uint8Array): FileContent {
  // `ignoreBOM` keeps a byte order mark: what comes out must be what went in.
  if (!isBinaryPath(path)) return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  return { base64: encodeBase64(bytes) };
}

/** Size in bytes of one file as it is stored and counted. */
export const contentSizeBytes = (content: FileContent): number => contentBytes(content).length;

/** Size in bytes of all files. */
export const bundleSizeBytes = (files: Files): number => Object.values(files).reduce((sum, content) => sum + contentSizeBytes(content), 0);

/**
 * The one form in which files are stored: paths in Unicode's NFC and sorted, base64 without spaces and with padding. Text is
 * never touched. Call it on what `checkFiles` found nothing wrong with.
 */
export function normaliseFiles(files: Files): Files {
  const entries = Object.entries(files).map(([path, content]): [string, FileContent] => [
    pathNormalForm(path),
    typeof content === "string" ? content : { base64: encodeBase64(contentBytes(content)) },
  ]);
  return Object.fromEntries(entries.sort(byPath));
}

/**
 * The name of a bundle: 64 hex digits, the same for the same files in whatever order, and for nothing else. Takes about 20 ms
 * for the largest bundle.
 */
export function hashBundle(files: Files): string {
  return sha256(encodeBundle(files));
}

/**
 * What is hashed: a tag with the encoding's version, then each file in order of path: kind, byte lengths of path and content,
 * both. Lengths before the bytes make it injective: no content can pose as the start of another file.
 */
function encodeBundle(files: Files): Uint8Array {
  const parts: Uint8Array[] = [utf8.encode("fp-bundle-1\n")];
  const entries = Object.entries(files).map(([path, content]): [string, FileContent] => [pathNormalForm(path), content]);
  for (const [path, content] of entries.sort(byPath)) {
    const pathBytes = utf8.encode(path);
    const bytes = contentBytes(content);
    const kind = typeof content === "string" ? "text" : "binary";
    parts.push(utf8.encode(`${kind} ${pathBytes.length} ${bytes.length}\n`), pathBytes, bytes);
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Order by UTF-16 code units: the same on every machine, whatever its locale. */
const byPath = ([a]: [string, FileContent], [b]: [string, FileContent]) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What the rules for files say against these: each problem names the file and the limit. All are errors; an empty list means
 * that the files may be saved.
 */
export function checkFiles(files: Files): SourceProblem[] {
  const paths = Object.keys(files).sort();
  if (paths.length === 0) return [problem("app.py", "no_files", "An app needs at least one file, app.py.")];
  const problems: SourceProblem[] = [];
  for (const path of paths) {
    const badPath = checkPath(path);
    if (badPath !== null) problems.push(problem(path, badPath.code, badPath.message));
    else problems.push(...checkContent(path, files[path]!));
  }
  for (const { path, other, message } of duplicatePaths(paths))
    problems.push(problem(path, "path_conflict", `${quote(path)} and ${quote(other)} ${message}`));
  const beyond = paths[bundleLimits.files];
  if (beyond !== undefined) {
    problems.push(
      problem(
        beyond,
        "too_many_files",
        `An app may have at most ${bundleLimits.files} files; this one has ${paths.length}, and ${quote(beyond)} is the first beyond. Remove ${paths.length - bundleLimits.files}.`,
      ),
    );
  }
  return [...problems, ...checkTotal(files, paths)];
}

function checkContent(path: string, content: FileContent): SourceProblem[] {
  if (typeof content !== "string" && isTextPath(path)) {
    return [
      problem(
        path,
        "binary_not_allowed",
        `${quote(path)} is a text file but came as base64. Send its text; binary files are allowed under static/ only.`,
      ),
    ];
  }
  if (typeof content === "string" && isBinaryPath(path)) {
    return [problem(path, "binary_expected", `${quote(path)} is an image or a font but came as text. Send {"base64": "…"}.`)];
  }
  if (typeof content !== "string" && decodeBase64(content.base64) === null)
    return [problem(path, "invalid_base64", `The content of ${quote(path)} is not valid base64.`)];
  const problems: SourceProblem[] = [];
  const sizeBytes = contentSizeBytes(content);
  if (sizeBytes > bundleLimits.fileBytes) {
    problems.push(
      problem(
        path,
        "file_too_large",
        `${quote(path)} has ${formatBytes(sizeBytes)} (${sizeBytes.toLocaleString("en")} bytes); a file may have at most ${formatBytes(bundleLimits.fileBytes)}.`,
      ),
    );
  }
  if (typeof content === "string") {
    const nul = content.indexOf("\0");
    if (nul >= 0)
      problems.push({
        ...problem(path, "binary_content", `${quote(path)} contains a NUL byte: it is not a text file.`),
        ...placeOf(content, nul),
      });
    if (!content.isWellFormed())
      problems.push(
        problem(path, "binary_content", `${quote(path)} contains a character that is not valid Unicode (half of a surrogate pair).`),
      );
  }
  return problems;
}

function checkTotal(files: Files, paths: readonly string[]): SourceProblem[] {
  const sizes = paths.map((path) => ({ path, sizeBytes: contentSizeBytes(files[path]!) }));
  const totalBytes = sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (totalBytes <= bundleLimits.totalBytes) return [];
  const largest = sizes.reduce((a, b) => (b.sizeBytes > a.sizeBytes ? b : a));
  const message = `All files together have ${formatBytes(totalBytes)} (${totalBytes.toLocaleString("en")} bytes); at most ${formatBytes(bundleLimits.totalBytes)} are allowed. The largest is ${quote(largest.path)} with ${formatBytes(largest.sizeBytes)}.`;
  return [problem(largest.path, "bundle_too_large", message)];
}

function problem(file: string, code: string, message: string): SourceProblem {
  return { file, line: 1, column: 1, code, message, severity: "error" };
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** A path as it can be shown: control characters are spelled out, and an absurd length is cut. */
function quote(path: string): string {
  return path.length > 120 ? `${JSON.stringify(path.slice(0, 120)).slice(0, -1)}…"` : JSON.stringify(path);
}

function decodeBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
