import { z } from "zod";
import { appStatusSchema, deploymentStateSchema } from "./app.ts";

/** A copy of the live database into the draft's. */
export const databaseCopySchema = z.object({
  state: z.enum(["running", "succeeded", "failed", "cancelled"]),
  documents: z.number().int(),
  /** As the server estimated it when the copy began. */
  totalDocuments: z.number().int(),
  /** The collection that is, or was, copied last. */
  collection: z.string(),
  error: z.string().optional(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type DatabaseCopy = z.infer<typeof databaseCopySchema>;

/** The host on which an app's draft is tried, as its owner sees it. */
export const draftHostSchema = z.object({
  /** In the place of an app's slug for what watches and calls it: `draft--<slug>`. */
  host: z.string(),
  url: z.string(),
  /** `stopped` while no draft was ever run. */
  status: appStatusSchema,
  statusReason: z.string().optional(),
  /** The draft that it serves, which may be older than the one that is saved. */
  running: z.object({ hash: z.string(), updatedAt: z.iso.datetime() }).nullable(),
  lastDeployment: z.object({ id: z.string(), state: deploymentStateSchema }).nullable(),
  /** The draft's own database; null while there is none. */
  database: z.object({ name: z.string(), sizeBytes: z.number() }).nullable(),
  copy: databaseCopySchema.nullable(),
});
export type DraftHost = z.infer<typeof draftHostSchema>;

/** Where a link to a draft may lead: a path of its host, with a query. */
export const draftPathSchema = z
  .string()
  .max(2_000)
  .regex(/^\/(?![/\\])[!-~]*$/, "A path begins with one /");
