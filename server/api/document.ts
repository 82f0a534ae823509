/** The OpenAPI 3.1 document, made from the operation table. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { operations, type Operation } from "#core/contract/operations/index.ts";
import { problemSchema, statusByCode, type ProblemCode } from "#core/contract/problem.ts";

const always: readonly ProblemCode[] = ["internal_error", "database_unavailable"];

export function createDocument(publicUrl: string): object {
  const { openAPIRegistry, getOpenAPI31Document } = bound(new OpenAPIHono());
  openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API token, or the `token` of a sign-in",
  });
  openAPIRegistry.registerComponent("securitySchemes", "session", { type: "apiKey", in: "cookie", name: "fp.session_token" });
  // By reference: the schema was made before this library taught zod its own method, and it is the same everywhere.
  openAPIRegistry.registerComponent("schemas", "Problem", z.toJSONSchema(problemSchema, { io: "input" }) as never);
  const problem = { $ref: "#/components/schemas/Problem" };
  for (const row of Object.values(operations) as Operation[]) openAPIRegistry.registerPath(toRoute(row, problem));
  return getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "FastAPI Platform",
      version: "1",
      description: "Deploy Python APIs. Errors are RFC 9457 problem documents whose `code` is stable.",
    },
    servers: [{ url: publicUrl }],
  });
}

function bound(app: OpenAPIHono) {
  return { openAPIRegistry: app.openAPIRegistry, getOpenAPI31Document: app.getOpenAPI31Document.bind(app) };
}

function toRoute(row: Operation, problem: unknown) {
  const codes = new Set<ProblemCode>([
    ...row.problems,
    ...(row.body || row.query ? (["invalid_input"] as const) : []),
    ...(row.body ? (["unsupported_media_type", "payload_too_large"] as const) : []),
    ...(row.refusedFields ? (["invalid_request"] as const) : []),
    ...(row.scope === "none" ? [] : (["unauthenticated", "forbidden"] as const)),
    ...(row.scope !== "none" && row.method !== "get" ? (["bad_origin"] as const) : []),
    ...(row.method === "post" && !row.delegated && row.scope !== "none" ? (["conflict", "invalid_request"] as const) : []),
    ...always,
  ]);
  const failures = Map.groupBy(codes, (code) => statusByCode[code]);
  return createRoute({
    operationId: row.id,
    method: row.method,
    path: row.path.replace(/:(\w+)/g, "{$1}"),
    summary: row.summary,
    tags: [row.tag],
    security: row.scope === "none" ? [] : [{ bearer: [] }, { session: [] }],
    request: {
      ...(row.params ? { params: row.params as never } : {}),
      ...(row.query ? { query: row.query as never } : {}),
      ...(row.body ? { body: { required: row.bodyOptional !== true, content: bodyContent(row) as never } } : {}),
    },
    responses: Object.fromEntries([
      ...Object.entries(row.answers).map(([status, { description, schema, contentType = "application/json" }]) => [
        status,
        {
          description,
          ...(schema ? { content: { [contentType]: { schema: (contentType === "application/zip" ? file : schema) as never } } } : {}),
        },
      ]),
      ...[...failures].map(([status, found]) => [
        String(status),
        {
          description: found.map((code) => `\`${code}\``).join(", "),
          content: { "application/problem+json": { schema: problem as never } },
        },
      ]),
    ]) as never,
  });
}

const file = { type: "string", format: "binary" } as const;

/** JSON; or a file as it is, or in a form. */
function bodyContent({ body, bodyType }: Operation) {
  if (bodyType === undefined) return { "application/json": { schema: body } };
  const form = { type: "object", properties: { file }, required: ["file"] };
  return { [bodyType]: { schema: file }, "multipart/form-data": { schema: form } };
}
