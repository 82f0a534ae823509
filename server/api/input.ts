/** Reads and checks what a request brings, against its row of the operation table. Every refusal is an AppError. */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { z } from "zod";
import type { Operation } from "#core/contract/operations/index.ts";
import { AppError, type FieldProblem } from "#core/contract/problem.ts";
import { trafficLimits } from "#core/limits.ts";
import { readBytes, readFile } from "#server/http/uploads.ts";

export interface Input {
  params: unknown;
  query: unknown;
  body: unknown;
  /** As it came, for comparing repeated requests. */
  bodyText: string;
}

/** Arrays and objects within each other: more than any schema of the table has, less than a recursive walk could mind. */
const mostDepth = 32;

/** @throws AppError `invalid_input`, `invalid_request`, `payload_too_large`, `unsupported_media_type`. */
export async function readInput(row: Operation, c: Context): Promise<Input> {
  const params = row.params ? parsePart(row, row.params, c.req.param(), "params") : {};
  const query = row.query ? parsePart(row, row.query, c.req.query(), "query") : {};
  if (!row.body) return { params, query, body: {}, bodyText: "" };
  const mostBytes = row.bodyBytes ?? trafficLimits.apiBodyBytes;
  if (row.bodyType) {
    const file = await readFile(c.req.raw, row.bodyType, mostBytes);
    // A form's boundary is another one each time: what is compared is the file.
    return {
      params,
      query,
      body: file,
      bodyText: createHash("sha256")
        .update(await file.bytes())
        .digest("hex"),
    };
  }
  const bodyText = toText(await readBytes(c.req.raw, mostBytes));
  if (bodyText === "" && row.bodyOptional) return { params, query, body: parsePart(row, row.body, {}, "body"), bodyText };
  const type = c.req.header("content-type");
  if (!isJson(type))
    throw new AppError(
      "unsupported_media_type",
      type ? `This takes JSON, not ${type.slice(0, 80)}.` : "Say `Content-Type: application/json` and send JSON.",
    );
  return { params, query, body: parsePart(row, row.body, parseJson(bodyText), "body"), bodyText };
}

function toText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError("invalid_input", "The body is not valid UTF-8.", { cause: error });
  }
}

function isJson(type: string | undefined): boolean {
  return /^application\/(json|[\w.+-]+\+json)\s*(;|$)/i.test(type ?? "");
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_input", `The body is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
  if (isDeeperThan(value, mostDepth)) throw new AppError("invalid_input", `The JSON is nested deeper than ${mostDepth} levels.`);
  return value;
}

/** Level by level, without recursion: the input decides how deep it is. */
function isDeeperThan(value: unknown, most: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
}

function parsePart(row: Operation, schema: z.ZodType, value: unknown, part: "params" | "query" | "body"): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // A number in the path that is none names nothing: it is not there, rather than malformed.
  if (part === "params") throw new AppError("not_found", "There is no such thing.");
  const problems: FieldProblem[] = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  // A field that is there, of the right type, in a form that is refused on purpose.
  const refused =
    part === "body" &&
    parsed.error.issues.every((issue) => row.refusedFields?.includes(String(issue.path[0])) && issue.code !== "invalid_type");
  const first = problems[0];
  const detail = first ? `${first.path ? `${first.path}: ` : ""}${first.message}` : "The input is not valid.";
  throw new AppError(refused ? "invalid_request" : "invalid_input", detail, { problems });
}
