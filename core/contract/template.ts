/** A template as it lies in `templates/*.yaml`: files to start from, with what the list shows of them. */
import { parse } from "yaml";
import { z } from "zod";
import { filesSchema } from "./files.ts";

export const templateSchema = z
  .object({
    /** Stable; the API's `id` and the name that `POST /api/apps` takes. */
    id: z
      .string()
      .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/)
      .max(40),
    name: z.string().min(1).max(80),
    description: z.string().min(1).max(500),
    complexity: z.enum(["beginner", "intermediate", "advanced"]),
    tags: z.array(z.string().regex(/^[a-z0-9-]+$/)).max(10),
    framework: z.enum(["fastapi", "fasthtml", "asgi"]),
    /** Where it stands in lists: lower ones first. */
    order: z.number().int(),
    /** Whether it wants a database bound; it must start without one all the same. */
    database: z.boolean(),
    entrypoint: z.string().default("app.py"),
    files: filesSchema,
  })
  .strict()
  .refine(({ files, entrypoint }) => typeof files[entrypoint] === "string", {
    path: ["files"],
    message: "The entrypoint is not among the files",
  });
export type Template = z.infer<typeof templateSchema>;

/**
 * Reads one template; `source` names it in an error.
 * @throws Error that names every field that is wrong.
 */
export function parseTemplate(yamlText: string, source = "The template"): Template {
  const parsed = templateSchema.safeParse(parse(yamlText));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${source} is not usable:\n${parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`).join("\n")}`,
  );
}
