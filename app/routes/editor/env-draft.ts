/** The variables as they are edited: rows, and what speaks against them. Pure. */
import { envVarSchema, type EnvVar } from "#core/contract/app.ts";

export interface EnvRow {
  /** For React; not sent. */
  key: number;
  name: string;
  /** Null: a secret that is kept as it is, since it cannot be read. */
  value: string | null;
  secret: boolean;
  /** A secret that came without its value, such as from a ZIP. */
  isUnset?: boolean;
}

export const toRows = (env: readonly EnvVar[]): EnvRow[] =>
  env.map(({ name, value, secret }, key) => ({
    key,
    name,
    value: secret ? (value ?? null) : (value ?? ""),
    secret,
    ...(secret && value === "" && { isUnset: true }),
  }));

/** What is sent: rows without a name are left out, a kept secret goes without its value. */
export function toEnv(rows: readonly EnvRow[]): EnvVar[] {
  return rows
    .filter(({ name, value }) => name.trim() !== "" || (value !== null && value !== ""))
    .map(({ name, value, secret }) => ({ name: name.trim(), secret, ...(value === null ? {} : { value }) }));
}

/** The first fault of each row by its key. */
export function envFaults(rows: readonly EnvRow[]): ReadonlyMap<number, string> {
  const faults = new Map<number, string>();
  const seen = new Set<string>();
  for (const { key, name, value, secret } of rows) {
    const trimmed = name.trim();
    if (trimmed === "" && (value === null || value === "")) continue;
    const parsed = envVarSchema.safeParse({ name: trimmed, secret, ...(value === null ? {} : { value }) });
    if (!parsed.success) faults.set(key, parsed.error.issues[0]?.message ?? "This variable cannot be saved.");
    else if (seen.has(trimmed)) faults.set(key, `${trimmed} is there twice.`);
    seen.add(trimmed);
  }
  return faults;
}

export interface EnvPair {
  name: string;
  value: string;
}

/** What escapes stand for between double quotes; a backslash before anything else is itself. */
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/**
 * The variables of a `.env` file: `NAME=value` lines, `export` before them or not, comments left out; values in quotes may have
 * several lines. Or the first line that is none of these.
 */
export function readDotEnv(text: string): { pairs: EnvPair[] } | { line: number; unclosed: boolean } {
  const source = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  const pairs: EnvPair[] = [];
  // Blanks and comments; or a name with what is quoted, or what stands up to the line's end.
  const blank = /[^\S\n]*(#[^\n]*)?(\n|$)/y;
  const start = /[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_][A-Za-z0-9_]*)[^\S\n]*=[^\S\n]*/y;
  const quoted = /(?:'([^']*)'|"((?:[^"\\]|\\[^])*)")[^\S\n]*(?:#[^\n]*)?(?:\n|$)/y;
  const plain = /([^\n]*)(?:\n|$)/y;
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  for (let at = 0; at < source.length;) {
    const skipped = match(blank, at);
    if (skipped !== null) {
      at = blank.lastIndex;
      continue;
    }
    const line = source.slice(0, at).split("\n").length;
    const named = match(start, at);
    if (named === null) return { line, unclosed: false };
    at = start.lastIndex;
    const inQuotes = match(quoted, at);
    if (inQuotes !== null) {
      at = quoted.lastIndex;
      const value = inQuotes[1] ?? inQuotes[2]!.replace(/\\([^])/g, (whole, character: string) => escapes[character] ?? whole);
      pairs.push({ name: named[1]!, value });
      continue;
    }
    const [, rest = ""] = match(plain, at)!;
    if (/^["'][^"']*$/.test(rest)) return { line, unclosed: true };
    at = plain.lastIndex;
    pairs.push({ name: named[1]!, value: rest.replace(/(^|\s)#.*$/, "").trim() });
  }
  return { pairs };
}

/** Pasted `.env` text as variables; null when it is anything else, such as a name. */
export function parseDotEnv(text: string): EnvPair[] | null {
  const read = readDotEnv(text);
  return "pairs" in read && read.pairs.length > 0 ? read.pairs : null;
}

/** The rows with these variables in them: a name that is there gets the new value and stays a secret if it was one. The last of a name counts. */
export function mergeEnv(rows: readonly EnvRow[], pairs: readonly EnvPair[], nextKey: () => number): EnvRow[] {
  const given = new Map(pairs.map(({ name, value }) => [name, value]));
  const kept = rows
    .filter(({ name, value }) => name.trim() !== "" || (value !== null && value !== ""))
    .map((row) => ({ ...row, value: given.get(row.name.trim()) ?? row.value }));
  const known = new Set(kept.map(({ name }) => name.trim()));
  const added = [...given].filter(([name]) => !known.has(name));
  return [...kept, ...added.map(([name, value]) => ({ key: nextKey(), name, value, secret: looksSecret(name) }))];
}

/** Names that hint at what should not be readable. */
export const looksSecret = (name: string): boolean => /(secret|token|password|passwd|api_?key|private)/i.test(name);
