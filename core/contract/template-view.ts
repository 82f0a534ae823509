import { z } from "zod";
import { frameworkSchema } from "./app.ts";
import { filesSchema } from "./files.ts";
import { pageQuerySchema } from "./page.ts";
import { appLimits, templateLimits } from "../limits.ts";

export const complexitySchema = z.enum(["beginner", "intermediate", "advanced"]);
export type Complexity = z.infer<typeof complexitySchema>;

/** One word to find a template by; several are joined with `-`. */
export const tagSchema = z
  .string()
  .max(templateLimits.tagCharacters, `A tag has at most ${templateLimits.tagCharacters} characters`)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "A tag has small letters, digits and single hyphens between them");

/** A template as it is listed; the single read adds its files. */
export const templateViewSchema = z.object({
  /** The name of a built-in one, an opaque id else. */
  id: z.string(),
  name: z.string(),
  description: z.string(),
  complexity: complexitySchema,
  tags: z.array(z.string()),
  framework: frameworkSchema.nullable(),
  /** It wants a database bound; it starts without one all the same. */
  database: z.boolean(),
  /** Everybody's. Otherwise it is its owner's alone. */
  global: z.boolean(),
  /** Only its owner and administrators see it. */
  hidden: z.boolean(),
  /** It came with the platform. */
  builtIn: z.boolean(),
  hash: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type TemplateView = z.infer<typeof templateViewSchema>;
export const templateDetailSchema = templateViewSchema.extend({ files: filesSchema, entrypoint: z.string() });
export type TemplateDetail = z.infer<typeof templateDetailSchema>;

/** What an administrator is shown of any template: whose it is, too. */
export const ownedTemplateSchema = templateViewSchema.extend({ owner: z.object({ id: z.string(), name: z.string() }).nullable() });
export type OwnedTemplate = z.infer<typeof ownedTemplateSchema>;

const changeable = {
  name: z.string().trim().min(1).max(appLimits.nameCharacters),
  description: z.string().trim().max(appLimits.descriptionCharacters),
  complexity: complexitySchema,
  tags: z.array(tagSchema).max(templateLimits.tags),
  database: z.boolean().describe("It wants a database; by default whether its code uses MongoDB"),
  files: filesSchema,
  app: z.string().describe("Instead of `files`: the id or slug of an app of yours, whose saved draft is taken"),
};
const { name, ...others } = changeable;
const optional = z.object(others).partial();

export const createTemplateSchema = optional
  .extend({ name, global: z.boolean().optional().describe("Everybody's; for administrators") })
  .strict()
  .refine(({ files, app }) => (files === undefined) !== (app === undefined), {
    path: ["files"],
    message: "Give either `files` or `app`, whose draft is taken",
  });
export type CreateTemplateInput = z.infer<typeof createTemplateSchema>;

export const updateTemplateSchema = optional
  .extend({ name: name.optional() })
  .strict()
  .refine(({ files, app }) => files === undefined || app === undefined, { path: ["files"], message: "Give `files` or `app`, not both" });
export type UpdateTemplateInput = z.infer<typeof updateTemplateSchema>;

/** An administrator's change of any template. */
export const moderateTemplateSchema = optional
  .omit({ app: true })
  .extend({ name: name.optional(), hidden: z.boolean().optional() })
  .strict();
export type ModerateTemplateInput = z.infer<typeof moderateTemplateSchema>;

export const templateTabSchema = z.enum(["all", "mine", "global"]);
export type TemplateTab = z.infer<typeof templateTabSchema>;

export const templateQuerySchema = pageQuerySchema.extend({
  tab: templateTabSchema.default("all"),
  search: z.string().max(200).optional(),
  complexity: complexitySchema.optional(),
  tag: z.string().max(templateLimits.tagCharacters).optional(),
});
