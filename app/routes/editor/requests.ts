/** The test panel's requests: what is typed becomes a request, the app's own OpenAPI document suggests some, what was sent is kept. Pure. */
import { z } from "zod";
import { proxyRequestSchema, type ProxyRequest } from "#core/contract/request.ts";

export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;

/** What the panel's fields hold: headers as lines `Name: value`. */
export interface RequestDraft {
  method: string;
  path: string;
  headers: string;
  body: string;
}

export const emptyRequest: RequestDraft = { method: "GET", path: "/", headers: "", body: "" };

export const takesBody = (method: string): boolean => method !== "GET" && method !== "HEAD";

const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

export type ParsedRequest = { ok: true; request: ProxyRequest } | { ok: false; field: "path" | "headers" | "body"; message: string };

/** The request that the fields describe, or which field is at fault and why. A JSON body without a content type gets one. */
export function parseRequest(draft: RequestDraft): ParsedRequest {
  const headers: Record<string, string> = {};
  for (const [index, line] of draft.headers.split("\n").entries()) {
    if (line.trim() === "") continue;
    const [, name, value] = headerLine.exec(line) ?? [];
    if (name === undefined) return { ok: false, field: "headers", message: `Line ${index + 1} is not “Name: value”.` };
    headers[name] = value ?? "";
  }
  const path = draft.path.trim().replaceAll(" ", "%20");
  const hasBody = takesBody(draft.method) && draft.body !== "";
  if (hasBody && looksLikeJson(draft.body) && !Object.keys(headers).some((name) => name.toLowerCase() === "content-type"))
    headers["Content-Type"] = "application/json";
  const parsed = proxyRequestSchema.safeParse({
    method: draft.method,
    path: path === "" ? "/" : path,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(hasBody && { body: draft.body }),
  });
  if (parsed.success) return { ok: true, request: parsed.data };
  const issue = parsed.error.issues[0];
  const field = issue?.path[0] === "headers" ? "headers" : issue?.path[0] === "body" ? "body" : "path";
  return { ok: false, field, message: issue?.message ?? "This request cannot be sent." };
}

function looksLikeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** One operation of the app, to start a request from. */
export interface Suggestion {
  method: string;
  path: string;
  summary: string;
  /** An example body in JSON, where the operation takes one. */
  body: string;
}

const openApiSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.unknown()).optional() }).optional(),
});
const operationSchema = z.object({
  summary: z.string().optional(),
  parameters: z
    .array(z.object({ name: z.string(), in: z.string(), required: z.boolean().optional(), schema: z.unknown().optional() }))
    .optional(),
  requestBody: z
    .object({ content: z.record(z.string(), z.object({ schema: z.unknown().optional(), example: z.unknown().optional() })) })
    .optional(),
});

/** The operations in an OpenAPI document's text, in its order; none when it is not one. */
export function readSuggestions(text: string): Suggestion[] {
  const document = openApiSchema.safeParse(tryParse(text));
  if (!document.success) return [];
  const schemas = document.data.components?.schemas ?? {};
  return Object.entries(document.data.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, raw]) => {
      const operation = operationSchema.safeParse(raw);
      if (!operation.success || !(methods as readonly string[]).includes(method.toUpperCase())) return [];
      const { summary = "", parameters = [], requestBody } = operation.data;
      const query = parameters
        .filter((parameter) => parameter.in === "query" && parameter.required)
        .map(({ name, schema }) => `${name}=${encodeURIComponent(String(exampleOf(schema, schemas)))}`);
      const json = requestBody?.content["application/json"];
      const body = json === undefined ? "" : JSON.stringify(json.example ?? exampleOf(json.schema, schemas), null, 2);
      return [{ method: method.toUpperCase(), path: path + (query.length > 0 ? `?${query.join("&")}` : ""), summary, body }];
    }),
  );
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const partSchema = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  format: z.string().optional(),
  example: z.unknown().optional(),
  examples: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T12:00:00Z",
  date: "2026-01-01",
  email: "ada@example.com",
  uuid: "00000000-0000-4000-8000-000000000000",
  uri: "https://example.com",
};

/** A value that fits a JSON schema well enough to be edited. Six levels deep: schemas may contain themselves. */
function exampleOf(schema: unknown, schemas: Readonly<Record<string, unknown>>, depth = 0): unknown {
  const parsed = partSchema.safeParse(schema);
  if (!parsed.success || depth > 6) return null;
  const part = parsed.data;
  const given = part.example ?? part.examples?.[0] ?? part.default ?? part.enum?.[0];
  if (given !== undefined) return given;
  if (part.$ref !== undefined) return exampleOf(schemas[part.$ref.slice(part.$ref.lastIndexOf("/") + 1)], schemas, depth + 1);
  const inner = (part.anyOf ?? part.oneOf ?? part.allOf)?.[0];
  if (inner !== undefined) return exampleOf(inner, schemas, depth + 1);
  if (part.properties !== undefined || part.type === "object")
    return Object.fromEntries(Object.entries(part.properties ?? {}).map(([name, value]) => [name, exampleOf(value, schemas, depth + 1)]));
  if (part.type === "array") return [exampleOf(part.items, schemas, depth + 1)];
  if (part.type === "integer" || part.type === "number") return 1;
  if (part.type === "boolean") return true;
  return part.type === "string" ? (formats[part.format ?? ""] ?? "text") : null;
}

/** Suggestions for what is typed so far, best first: those that begin so, then those that contain it. */
export function completePath(suggestions: readonly Suggestion[], typed: string, limit = 8): Suggestion[] {
  const needle = typed.trim().toLowerCase();
  const begins = suggestions.filter(({ path }) => path.toLowerCase().startsWith(needle));
  const contains = suggestions.filter(
    ({ path, summary }) => !path.toLowerCase().startsWith(needle) && `${path} ${summary}`.toLowerCase().includes(needle),
  );
  return [...begins, ...contains].slice(0, limit);
}

const sentSchema = z.object({
  at: z.iso.datetime(),
  request: z.object({ method: z.string(), path: z.string(), headers: z.string(), body: z.string() }),
  status: z.number().nullable(),
  latencyMs: z.number().nullable(),
});
/** A request that was sent, and what became of it. */
export type Sent = z.infer<typeof sentSchema>;

const kept = 20;

/** The history with one more, newest first; the same request sent again moves up. */
export function withSent(history: readonly Sent[], sent: Sent): Sent[] {
  const key = ({ request }: Sent) => JSON.stringify([request.method, request.path, request.headers, request.body]);
  return [sent, ...history.filter((other) => key(other) !== key(sent))].slice(0, kept);
}

/** The history as stored text; what cannot be read counts as none. */
export function parseHistory(text: string | null): Sent[] {
  const parsed = z.array(sentSchema).safeParse(tryParse(text ?? "[]"));
  return parsed.success ? parsed.data.slice(0, kept) : [];
}
