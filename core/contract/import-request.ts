import { z } from "zod";

/** The first part of what is imported: `yaml`, never `yaml.loader`. */
export const importNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "The first part of an import, such as pandas");

/** A wish of one user that apps may import something. */
export const importRequestSchema = z.object({
  id: z.string(),
  import: z.string(),
  /** The app it was wished for, by the name that it had. */
  app: z.object({ id: z.string(), name: z.string() }),
  state: z.enum(["open", "allowed", "declined"]),
  askedAt: z.iso.datetime(),
  decidedAt: z.iso.datetime().nullable(),
});
export type ImportRequest = z.infer<typeof importRequestSchema>;

/** The same as an administrator sees it. */
export const askedImportSchema = importRequestSchema.extend({ user: z.object({ id: z.string(), name: z.string() }) });
export type AskedImport = z.infer<typeof askedImportSchema>;

export const importDecisionSchema = z.object({ import: importNameSchema, decision: z.enum(["allow", "decline"]) }).strict();
