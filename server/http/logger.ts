/** The platform's own log: one line per event, JSON where a machine reads it and plain text on a terminal. Secrets are taken out by name and by form. */
import { currentRequestId } from "./request-context.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

const rank: Record<LogLevel, number> = { debug: 10, info: 20, warn: 30, error: 40 };
const secretName = /pass(word)?|secret|token|authorization|cookie|api[-_]?key|credential|private/i;
const secretForms: readonly [RegExp, string][] = [
  [/\b(mongodb(?:\+srv)?:\/\/[^:/@\s]+):[^@\s]+@/g, "$1:***@"],
  [/\b(Bearer)\s+[\w.~+/=-]+/gi, "$1 ***"],
  [/\bfp_[A-Za-z0-9_-]{8,}/g, "fp_***"],
];

export interface LoggerOptions {
  level: LogLevel;
  /** `pretty` for a person at a terminal. */
  format?: "json" | "pretty";
  write?: (line: string) => void;
}

export function createLogger({ level, format, write = (line) => process.stderr.write(line) }: LoggerOptions): Logger {
  const pretty = (format ?? (process.stderr.isTTY ? "pretty" : "json")) === "pretty";
  const log =
    (at: LogLevel) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      if (rank[at] < rank[level]) return;
      const requestId = currentRequestId();
      const entry = redact({ ...(requestId ? { requestId } : {}), ...fields }) as Record<string, unknown>;
      write(
        pretty
          ? prettyLine(at, redactText(message), entry)
          : `${JSON.stringify({ at: new Date().toISOString(), level: at, message: redactText(message), ...entry })}\n`,
      );
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

/** Passwords in addresses and tokens in free text, such as a driver's error message. */
export function redactText(text: string): string {
  return secretForms.reduce((result, [form, replacement]) => result.replace(form, replacement), text);
}

function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date || typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  // Deeper structures are somebody's data rather than a log field.
  if (depth > 4) return "…";
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redact(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, secretName.test(name) ? "***" : redact(item, depth + 1)]));
}

function describeError(error: Error, depth: number): Record<string, unknown> {
  const cause = error.cause === undefined || depth > 3 ? {} : { cause: redact(error.cause, depth + 1) };
  return { name: error.name, message: redactText(error.message), stack: redactText(error.stack ?? ""), ...cause };
}

function prettyLine(level: LogLevel, message: string, fields: Record<string, unknown>): string {
  const time = new Date().toISOString().slice(11, 23);
  const rest: string[] = [];
  let stack = "";
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "object" && value !== null && "stack" in value) stack += `\n${String((value as { stack: string }).stack)}`;
    else if (value !== undefined) rest.push(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
  return `${time} ${level.toUpperCase().padEnd(5)} ${message}${rest.length > 0 ? `  ${rest.join(" ")}` : ""}${stack}\n`;
}
