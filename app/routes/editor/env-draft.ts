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

/** Rows from pasted `.env` text: `NAME=value` lines, comments and `export` left out, quotes taken off. Null when it is not such text. */
export function parseDotEnv(text: string): { name: string; value: string }[] | null {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const parsed = lines.map((line) => /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line));
  if (parsed.length === 0 || parsed.some((match) => match === null)) return null;
  return parsed.map((match) => ({ name: match![1]!, value: match![2]!.replace(/^(["'])(.*)\1$/, "$2") }));
}

/** Names that hint at what should not be readable. */
export const looksSecret = (name: string): boolean => /(secret|token|password|passwd|api_?key|private)/i.test(name);
