import { z } from "zod";
import { deploymentStateSchema } from "./app.ts";
import { sourceProblemSchema } from "./problem.ts";

export const deployStageSchema = z.enum(["validating", "checking", "creating", "starting", "ready"]);
export type DeployStage = z.infer<typeof deployStageSchema>;

/** One real step of a deployment. `elapsedMs` counts from the deployment's start. */
export const deployEventSchema = z.object({
  at: z.iso.datetime(),
  stage: deployStageSchema,
  status: z.enum(["started", "succeeded", "failed"]),
  message: z.string(),
  elapsedMs: z.number(),
});
export type DeployEvent = z.infer<typeof deployEventSchema>;

export const deploymentSourceSchema = z.enum(["browser", "cli", "api", "assistant", "mcp"]);
export type DeploymentSource = z.infer<typeof deploymentSourceSchema>;

export const deploymentSchema = z.object({
  id: z.string(),
  app: z.string(),
  /** `draft`: onto the host of the app's draft, whose id `app` is; it takes no version. */
  kind: z.enum(["deploy", "rollback", "draft"]),
  source: deploymentSourceSchema,
  version: z.number().int().optional(),
  state: deploymentStateSchema,
  events: z.array(deployEventSchema),
  problems: z.array(sourceProblemSchema).optional(),
  /** Why it failed, in words; absent otherwise. */
  error: z.string().optional(),
  /** The traceback of an app that failed to load: its own frames, with paths in the bundle, and those of libraries after them (`.../site-packages/…`). */
  traceback: z.string().optional(),
  url: z.string(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
});
export type Deployment = z.infer<typeof deploymentSchema>;

export const versionSchema = z.object({
  number: z.number().int(),
  hash: z.string(),
  createdAt: z.iso.datetime(),
  author: z.string(),
  live: z.boolean(),
  message: z.string(),
});
export type Version = z.infer<typeof versionSchema>;

export const validationResultSchema = z.object({
  ok: z.boolean(),
  framework: z.enum(["fastapi", "fasthtml", "asgi"]).nullable(),
  problems: z.array(sourceProblemSchema),
});
export type ValidationResult = z.infer<typeof validationResultSchema>;
