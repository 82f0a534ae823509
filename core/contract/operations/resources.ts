import { z } from "zod";
import { importNameSchema, importRequestSchema } from "../import-request.ts";
import { pageOf } from "../page.ts";
import { operation } from "./operation.ts";

export const databaseSchema = z.object({
  id: z.string(),
  name: z.string(),
  default: z.boolean(),
  sizeBytes: z.number(),
  collections: z.number().int(),
  documents: z.number().int(),
  quotaBytes: z.number(),
  apps: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string() })),
});

export const packageSchema = z.object({ name: z.string(), version: z.string(), imports: z.array(z.string()) });

const health = z.object({ status: z.literal("ok") });

export const resourceOperations = {
  listDatabases: operation({
    id: "listDatabases",
    method: "get",
    path: "/api/databases",
    summary: "My databases",
    tag: "Databases",
    scope: "read",
    answers: { 200: { description: "Databases with their figures", schema: pageOf(databaseSchema) } },
    problems: [],
  }),
  listPackages: operation({
    id: "listPackages",
    method: "get",
    path: "/api/packages",
    summary: "Python packages that every app can import",
    tag: "Packages",
    scope: "read",
    answers: {
      200: {
        description: "Packages with their versions",
        schema: z.object({
          pythonVersion: z.string(),
          builtIn: z.array(packageSchema),
          /** What an administrator allowed beside them. */
          allowed: z.array(z.string()),
        }),
      },
    },
    problems: [],
  }),
  listImportRequests: operation({
    id: "listImportRequests",
    method: "get",
    path: "/api/import-requests",
    summary: "Imports that I asked the administrator for, and what became of them",
    tag: "Packages",
    scope: "read",
    answers: { 200: { description: "Requests, newest first", schema: pageOf(importRequestSchema) } },
    problems: [],
  }),
  askForImport: operation({
    id: "askForImport",
    method: "post",
    path: "/api/import-requests",
    summary: "Ask the administrator to allow an import; a second time answers with the first request as it stands",
    tag: "Packages",
    scope: "change",
    body: z.object({ import: importNameSchema, app: z.string().max(100) }).strict(),
    answers: { 201: { description: "The request", schema: importRequestSchema } },
    problems: ["not_found", "conflict", "quota_exceeded"],
  }),
  health: operation({
    id: "health",
    method: "get",
    path: "/healthz",
    summary: "The process lives",
    tag: "Machine",
    scope: "none",
    answers: { 200: { description: "It does", schema: health } },
    problems: [],
  }),
  ready: operation({
    id: "ready",
    method: "get",
    path: "/readyz",
    summary: "The platform can serve: its database answers and its runtime runs",
    tag: "Machine",
    scope: "none",
    answers: { 200: { description: "It can", schema: health } },
    problems: ["runtime_unavailable"],
  }),
} as const;
