/** The JSON bodies of the editor's own resource routes, checked at the boundary. */
import type { z } from "zod";
import { AppError } from "#core/contract/problem.ts";

/** @throws AppError `invalid_input` naming each field, also when the body is no JSON. */
export async function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  const parsed = schema.safeParse(await request.json().catch(() => null));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  throw new AppError("invalid_input", problems.map(({ message }) => message).join(" "), { problems });
}
