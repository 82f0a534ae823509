/**
 * `.fp.yaml`: what an app is beside its files. An export has it, an import reads it, the command line keeps it in a project's folder.
 * A secret is there by its name only.
 */
import { z } from "zod";
import { appLimits, timeLimits } from "../limits.ts";
import { envVarSchema } from "./app.ts";

export const appFileName = ".fp.yaml";

const envName = envVarSchema.shape.name;
const envText = z.string().max(appLimits.envValueBytes);
/** YAML reads `8080` and `true` as what they are; a variable is text. */
const envValue = z.union([envText, z.number().transform(String), z.boolean().transform(String)]);

const minutes = (least: number, most: number) => z.number().int().min(least).max(most);

export const appFileSchema = z.strictObject({
  name: z.string().trim().min(1).max(appLimits.nameCharacters).optional(),
  description: z.string().max(appLimits.descriptionCharacters).optional(),
  entrypoint: z.string().min(1).max(200).optional(),
  /** Where the command line finds the platform. An import is already there. */
  platform: z.url().optional(),
  /** Bound to the owner's default database. Left out: as any new app. */
  database: z.boolean().optional(),
  sleepAfterMinutes: minutes(timeLimits.sleepAfterLeastMinutes, timeLimits.sleepAfterMostMinutes).optional(),
  /**
   * `NAME: value`, or `NAME: {secret: true}`. `${NAME}` in a value stands for a variable of whoever runs the command line; `$${` is a
   * plain `${`.
   */
  env: z.record(envName, z.union([envValue, z.strictObject({ value: envValue.optional(), secret: z.boolean().optional() })])).optional(),
  /** Patterns of what the command line does not send. */
  ignore: z.array(z.string().max(500)).max(200).optional(),
});
export type AppFile = z.infer<typeof appFileSchema>;
