import { z } from "zod";
import { filesSchema } from "./files.ts";

/** A template as it is listed; the single read adds its files. */
export const templateViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  complexity: z.enum(["beginner", "intermediate", "advanced"]),
  tags: z.array(z.string()),
  framework: z.string(),
  database: z.boolean(),
  global: z.boolean(),
});
export type TemplateView = z.infer<typeof templateViewSchema>;
export const templateDetailSchema = templateViewSchema.extend({ files: filesSchema, entrypoint: z.string() });
export type TemplateDetail = z.infer<typeof templateDetailSchema>;
