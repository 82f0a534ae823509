import { z } from "zod";
import { askedImportSchema, importDecisionSchema } from "../import-request.ts";
import { pageOf, pageQuerySchema } from "../page.ts";
import { egressSettingsSchema, importSettingsSchema } from "../settings.ts";
import { operation } from "./operation.ts";

const egressAnswer = { description: "What apps may reach on the Internet", schema: egressSettingsSchema } as const;

const importsAnswer = {
  description: "What apps may import beside the standard library, the built-in packages and their own files",
  schema: importSettingsSchema,
} as const;

/** What only administrators see and change: the scope `admin`, which a token of anybody else never has. */
export const adminOperations = {
  getEgress: operation({
    id: "getEgress",
    method: "get",
    path: "/api/admin/egress",
    summary: "Which domains and ports of the Internet apps may reach; private addresses never",
    tag: "Admin",
    scope: "admin",
    answers: { 200: egressAnswer },
    problems: [],
  }),
  putEgress: operation({
    id: "putEgress",
    method: "put",
    path: "/api/admin/egress",
    summary: "Replace the domains and ports that apps may reach; it counts for new connections, at once",
    tag: "Admin",
    scope: "admin",
    body: egressSettingsSchema,
    answers: { 200: egressAnswer },
    problems: [],
  }),
  getAllowedImports: operation({
    id: "getAllowedImports",
    method: "get",
    path: "/api/admin/allowed-imports",
    summary: "What apps may import beside the standard library, the built-in packages and their own files",
    tag: "Admin",
    scope: "admin",
    answers: { 200: importsAnswer },
    problems: [],
  }),
  putAllowedImports: operation({
    id: "putAllowedImports",
    method: "put",
    path: "/api/admin/allowed-imports",
    summary: "Replace the allowed imports. Nothing is installed: what they import must be in the runner's environment",
    tag: "Admin",
    scope: "admin",
    body: importSettingsSchema,
    answers: { 200: importsAnswer },
    problems: [],
  }),
  listAskedImports: operation({
    id: "listAskedImports",
    method: "get",
    path: "/api/admin/import-requests",
    summary: "Imports that users ask for and nobody has decided on, newest first",
    tag: "Admin",
    scope: "admin",
    query: pageQuerySchema,
    answers: { 200: { description: "A page of requests", schema: pageOf(askedImportSchema) } },
    problems: [],
  }),
  decideImport: operation({
    id: "decideImport",
    method: "post",
    path: "/api/admin/import-requests",
    summary: "Allow or decline an import, for all who asked for it",
    tag: "Admin",
    scope: "admin",
    body: importDecisionSchema,
    answers: { 200: { description: "Decided; what is allowed now", schema: z.object({ imports: z.array(z.string()) }) } },
    problems: ["not_found"],
  }),
} as const;
