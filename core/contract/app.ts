import { z } from "zod";
import { filesSchema } from "./files.ts";

export const appStatusSchema = z.enum(["running", "sleeping", "deploying", "error", "stopped"]);
export type AppStatus = z.infer<typeof appStatusSchema>;

export const frameworkSchema = z.enum(["fastapi", "fasthtml", "asgi"]);
export type Framework = z.infer<typeof frameworkSchema>;

export const deploymentStateSchema = z.enum(["running", "succeeded", "failed"]);
export type DeploymentState = z.infer<typeof deploymentStateSchema>;

const time = z.iso.datetime();

/** An app as every surface sees it (`App` of the HTTP contract). */
export const appSchema = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  status: appStatusSchema,
  statusReason: z.string().optional(),
  url: z.string(),
  framework: frameworkSchema.nullable(),
  entrypoint: z.string(),
  liveVersion: z.number().int().nullable(),
  deployed: z.object({ hash: z.string(), version: z.number().int(), updatedAt: time }).nullable(),
  draft: z.object({ hash: z.string(), updatedAt: time }),
  database: z.object({ id: z.string(), name: z.string() }).nullable(),
  lastDeployment: z.object({ id: z.string(), state: deploymentStateSchema }).nullable(),
  sleepAfterMinutes: z.number().int(),
  /** Every account may read its files and make a copy of its own. */
  shared: z.boolean(),
  createdAt: time,
  updatedAt: time,
  lastRequestAt: time.nullable(),
});
export type App = z.infer<typeof appSchema>;

export const databaseStatsSchema = z.object({
  sizeBytes: z.number(),
  collections: z.array(z.object({ name: z.string(), documents: z.number().int() })),
});
export type DatabaseStats = z.infer<typeof databaseStatsSchema>;

/** The single read: an app with its draft's files and what its database holds. */
export const appDetailSchema = appSchema.extend({
  files: filesSchema,
  databaseStats: databaseStatsSchema.nullable(),
});
export type AppDetail = z.infer<typeof appDetailSchema>;

export const createAppSchema = z
  .object({
    name: z.string().trim().min(1).max(80),
    description: z.string().max(500).optional(),
    files: filesSchema.optional(),
    code: z.string().optional(),
    template: z.string().optional(),
    database: z.string().nullable().optional(),
  })
  .strict();
export type CreateAppInput = z.infer<typeof createAppSchema>;

export const updateAppSchema = z
  .object({
    name: z.string().trim().min(1).max(80).optional(),
    description: z.string().max(500).optional(),
    database: z.string().nullable().optional(),
    sleepAfterMinutes: z.number().int().min(1).max(1440).optional(),
    shared: z.boolean().optional().describe("Every account may read its files and make a copy of its own; never of variables or data"),
  })
  .strict();
export type UpdateAppInput = z.infer<typeof updateAppSchema>;

/** One variable as it is read: a secret has no `value`. */
export const envVarSchema = z.object({
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "Letters, digits and _, not beginning with a digit"),
  value: z.string().max(32_768).optional(),
  secret: z.boolean().default(false),
});
export type EnvVar = z.infer<typeof envVarSchema>;
