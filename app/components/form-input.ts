/** Reads forms in actions. Server only by its use: it brings zod. */
import type { z } from "zod";
import { AppError } from "#core/contract/problem.ts";

/**
 * Reads a form by its schema; an empty field counts as absent.
 * @throws AppError `validation_failed` with a problem per field.
 */
export async function readForm<Schema extends z.ZodType>(request: Request, schema: Schema): Promise<z.infer<Schema>> {
  const form = await request.formData();
  const entries: Record<string, unknown> = {};
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name).filter((value) => value !== "");
    if (values.length > 0) entries[name] = values.length === 1 ? values[0] : values;
  }
  const parsed = schema.safeParse(entries);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  throw new AppError("validation_failed", problems[0]?.message ?? "The form is not complete.", { problems });
}
