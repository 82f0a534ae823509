import { z } from "zod";
import { parseDomainPattern } from "../egress-rules.ts";
import { importNameSchema } from "./import-request.ts";

/** More than a list that a person keeps; each is compared for each connection of each app. */
const mostDomains = 500;
const mostPorts = 100;

const domainSchema = z
  .string()
  .max(300)
  .refine((text) => parseDomainPattern(text) !== null, {
    message: "A host such as example.com, *.example.com for every host below it, or * for all; no scheme, port or path.",
  });

/** What apps may reach on the Internet. */
export const egressSettingsSchema = z
  .object({
    domains: z.array(domainSchema).max(mostDomains),
    ports: z.array(z.number().int().min(1).max(65_535)).max(mostPorts),
  })
  .strict();
export type EgressSettings = z.infer<typeof egressSettingsSchema>;

/** More names than the runner has packages. */
const mostImports = 500;

/** What apps may import beside the standard library, the built-in packages and their own files. */
export const importSettingsSchema = z.object({ imports: z.array(importNameSchema).max(mostImports) }).strict();
export type ImportSettings = z.infer<typeof importSettingsSchema>;
