/** Searching all files of an app, line by line, and what replacing would make of each match. Pure. */
import type { Files } from "./contract/files.ts";

export interface SearchQuery {
  text: string;
  isRegex: boolean;
  matchCase: boolean;
  wholeWord: boolean;
  /** What each match becomes; null: nothing is to be replaced. With `isRegex`, `$1`, `$<name>`, `$&`, `\n` and `\t` mean what they usually do. */
  replacement: string | null;
}

export interface Match {
  file: string;
  /** Both from 1. */
  line: number;
  column: number;
  text: string;
  /** Its line around it, cut where it is long. */
  before: string;
  after: string;
  /** What it becomes; null as in the query. */
  next: string | null;
}

export interface Found {
  matches: Match[];
  /** There are more than were looked for. */
  isCut: boolean;
}

const mostMatches = 1_000;
const contextBefore = 24;
const contextAfter = 120;
const wordCharacter = String.raw`[\p{L}\p{N}_]`;

/** Matches in the order of `paths`. Files that are not text have none. @throws SyntaxError for an expression that is none. */
export function searchFiles(files: Files, paths: readonly string[], query: SearchQuery, most = mostMatches): Found {
  const pattern = toPattern(query);
  const matches: Match[] = [];
  for (const file of paths) {
    const content = files[file];
    if (typeof content !== "string") continue;
    for (const [index, line] of content.split(/\r?\n/).entries())
      for (const found of line.matchAll(pattern)) {
        if (found[0] === "") continue;
        if (matches.length === most) return { matches, isCut: true };
        matches.push(toMatch(file, index + 1, line, found, query));
      }
  }
  return { matches, isCut: false };
}

function toPattern({ text, isRegex, matchCase, wholeWord }: SearchQuery): RegExp {
  const source = isRegex ? text : text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const whole = wholeWord ? `(?<!${wordCharacter})(?:${source})(?!${wordCharacter})` : source;
  return new RegExp(whole, matchCase ? "gu" : "giu");
}

function toMatch(file: string, line: number, text: string, found: RegExpExecArray, { isRegex, replacement }: SearchQuery): Match {
  const end = found.index + found[0].length;
  const begin = Math.max(0, found.index - contextBefore);
  return {
    file,
    line,
    column: found.index + 1,
    text: found[0],
    before: `${begin > 0 ? "…" : ""}${text.slice(begin, found.index)}`.trimStart(),
    after: text.slice(end, end + contextAfter),
    next: replacement === null ? null : isRegex ? expand(replacement, found) : replacement,
  };
}

const escapes: Readonly<Record<string, string>> = { "\\n": "\n", "\\t": "\t", "\\\\": "\\" };

function expand(template: string, found: RegExpExecArray): string {
  return template.replaceAll(/\\[nt\\]|\$(?:\$|&|<([^>]*)>|\d\d?)/g, (token, name?: string) => {
    if (token.startsWith("\\")) return escapes[token]!;
    if (token === "$$") return "$";
    if (token === "$&") return found[0];
    if (name !== undefined) return found.groups?.[name] ?? "";
    const group = Number(token.slice(1));
    return group > 0 && group < found.length ? (found[group] ?? "") : token;
  });
}

/** The files with these matches, which were found in them, replaced. */
export function replaceMatches(files: Files, matches: readonly Match[]): Files {
  const changed: Record<string, string> = {};
  for (const [file, found] of Map.groupBy(matches, (match) => match.file)) {
    const content = files[file];
    if (typeof content !== "string") continue;
    // Line ends stay what they are: every second part is one.
    const parts = content.split(/(\r?\n)/);
    // From the end of each line, so that columns before it stay true.
    for (const { line, column, text, next } of found.toSorted((left, right) => right.line - left.line || right.column - left.column)) {
      const at = (line - 1) * 2;
      const old = parts[at] ?? "";
      if (next !== null) parts[at] = old.slice(0, column - 1) + next + old.slice(column - 1 + text.length);
    }
    changed[file] = parts.join("");
  }
  return { ...files, ...changed };
}
