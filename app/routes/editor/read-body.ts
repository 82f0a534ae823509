/** The JSON bodies of the editor's own resource routes, checked at the boundary. */
import type { z } from "zod";
import { AppError } from "#core/contract/problem.ts";

/** @throws AppError `invalid_input` naming each field, also when the body is no JSON. */
export async function readBody<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.output<Schema>> {
  return checkInput(await request.json().catch(() => null), schema);
}

/** The same for a value that is read already. @throws AppError `invalid_input` naming each field. */
export function checkInput<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  throw new AppError("invalid_input", problems.map(({ message }) => message).join(" "), { problems });
}
