/**
 * What runner and platform say to each other over descriptor 3, one JSON object a line. A runner holds user code, so every line
 * is parsed against a schema: what does not fit is left out, and nothing it says reaches further than its own app.
 */
import { z } from "zod";
import { frameworkSchema } from "#core/contract/app.ts";
import type { ExceptionRecord, LoadError, LoadReport } from "./runtime.ts";

/** The largest line that is read; a report with thousands of routes fits. */
export const longestMessageBytes = 4 * 1024 * 1024;

const text = (most: number) => z.string().transform((value) => (value.length > most ? `${value.slice(0, most)}…` : value));
const place = z
  .number()
  .int()
  .min(1)
  .nullish()
  .transform((value) => value ?? undefined);
const optionalText = (most: number) =>
  text(most)
    .nullish()
    .transform((value) => value ?? undefined);

const loadErrorSchema = z.object({
  kind: z.enum(["load", "entrypoint", "lifespan", "timeout", "memory", "exit"]),
  type: text(200),
  message: text(8_000),
  file: optionalText(500),
  line: place,
  column: place,
  traceback: optionalText(64_000),
});

const loadReportSchema = z.object({
  ok: z.boolean(),
  framework: frameworkSchema.nullable(),
  factory: z.boolean(),
  routes: z.array(z.object({ path: text(1_000), methods: z.array(text(20)), name: text(200) })).max(10_000),
  importMs: z.number().min(0),
  error: loadErrorSchema.nullish().transform((value) => value ?? undefined),
});

const exceptionSchema = z.object({
  requestId: text(200),
  at: z.coerce.date(),
  type: text(200),
  message: text(8_000),
  file: optionalText(500),
  line: place,
  traceback: text(64_000),
});

const messageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("warm") }),
  z.object({ type: z.literal("loaded"), report: loadReportSchema }),
  z.object({ type: z.literal("ready"), ms: z.number() }),
  z.object({ type: z.literal("failed"), error: loadErrorSchema, report: loadReportSchema.nullish().transform((value) => value ?? null) }),
  z.object({ type: z.literal("exception"), record: exceptionSchema }),
  z.object({ type: z.literal("dropped"), count: z.number().int().min(0) }),
]);

export type RunnerMessage =
  | { type: "warm" }
  | { type: "loaded"; report: LoadReport }
  | { type: "ready"; ms: number }
  | { type: "failed"; error: LoadError; report: LoadReport | null }
  | { type: "exception"; record: ExceptionRecord }
  | { type: "dropped"; count: number };

export interface ClaimMessage {
  type: "claim";
  instance: string;
  appId: string;
  slug: string;
  version: number;
  entrypoint: string;
  codePath: string;
  env: Readonly<Record<string, string>>;
  mongoUri: string | null;
  database: string | null;
  concurrency: number;
  sessionKey: string | null;
  /** For the import alone: the runner ends it itself a moment before the platform would, and can say where it was. */
  loadMs: number;
}

export type PlatformMessage = ClaimMessage | { type: "drain"; graceSeconds: number };

/** Parses one line, or returns null for what is not a message of ours. */
export function parseRunnerMessage(line: string): RunnerMessage | null {
  try {
    const parsed = messageSchema.safeParse(JSON.parse(line));
    return parsed.success ? (withoutUndefined(parsed.data) as RunnerMessage) : null;
  } catch {
    return null;
  }
}

/** Absent members are absent, not present and undefined: reports are compared and stored as they are. */
function withoutUndefined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutUndefined) as T;
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutUndefined(member)])) as T;
}

/** The database's address as the app gets it: a socket of its own, whatever lies behind. */
export function toMongoUri(socketPath: string, database: { name: string; username: string; password: string }): string {
  const user = `${encodeURIComponent(database.username)}:${encodeURIComponent(database.password)}`;
  const name = encodeURIComponent(database.name);
  const options = `directConnection=true&timeoutMS=30000&maxPoolSize=10&maxIdleTimeMS=60000&authSource=${name}`;
  return `mongodb://${user}@${encodeURIComponent(socketPath)}/${name}?${options}`;
}
