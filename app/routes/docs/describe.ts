/** The operation table as a page can show it: plain data, made on the server, so that no schema reaches the browser. */
import { z } from "zod";
import type { Operation } from "#core/contract/operations/index.ts";

export interface OperationDoc {
  id: string;
  method: string;
  path: string;
  summary: string;
  scope: string;
  query: string[];
  body: string | null;
  answers: { status: string; description: string; schema: string | null }[];
  problems: string[];
  example: string;
}
export interface OperationGroup {
  tag: string;
  operations: OperationDoc[];
}

/** All operations by tag, both in the table's order. */
export function describeOperations(operations: Readonly<Record<string, Operation>>, origin: string): OperationGroup[] {
  const groups = new Map<string, OperationDoc[]>();
  for (const operation of Object.values(operations)) {
    const group = groups.get(operation.tag) ?? [];
    groups.set(operation.tag, group);
    group.push(describe(operation, origin));
  }
  return [...groups].map(([tag, list]) => ({ tag, operations: list }));
}

function describe(operation: Operation, origin: string): OperationDoc {
  const body = operation.body ? toJsonSchema(operation.body) : null;
  return {
    id: operation.id,
    method: operation.method.toUpperCase(),
    path: operation.path,
    summary: operation.summary,
    scope: operation.scope,
    query: operation.query ? Object.keys(operation.query.shape) : [],
    body: operation.bodyType ? "a ZIP: as it is, or as the field `file` of a form" : body && writeShape(body),
    answers: Object.entries(operation.answers).map(([status, { description, schema, contentType }]) => ({
      status,
      description: contentType === "text/event-stream" ? `${description} (a stream of events)` : description,
      schema: schema ? (contentType === "application/zip" ? "a ZIP" : writeShape(toJsonSchema(schema))) : null,
    })),
    problems: [...operation.problems],
    example: writeCurl(operation, body, origin),
  };
}

interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  prefixItems?: JsonSchema[];
  additionalProperties?: JsonSchema | boolean;
  format?: string;
}

const toJsonSchema = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;

/** A schema in the short hand people write on a board: `{ name: string, files?: … }`. */
export function writeShape(schema: JsonSchema, depth = 0): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice) => writeShape(choice, depth)).join(" | ");
  if (schema.type === "array")
    return schema.prefixItems
      ? `[${schema.prefixItems.map((item) => writeShape(item, depth)).join(", ")}]`
      : `[${writeShape(schema.items ?? {}, depth)}, …]`;
  if (schema.properties) {
    const indent = "  ".repeat(depth + 1);
    const rows = Object.entries(schema.properties).map(
      ([name, value]) => `${indent}${name}${schema.required?.includes(name) ? "" : "?"}: ${writeShape(value, depth + 1)}`,
    );
    return rows.length === 0 ? "{}" : `{\n${rows.join(",\n")}\n${"  ".repeat(depth)}}`;
  }
  if (typeof schema.additionalProperties === "object") return `{ "…": ${writeShape(schema.additionalProperties, depth)} }`;
  if (schema.format === "date-time") return "time";
  return Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
}

/** A call that can be pasted; what the reader must fill in is in capitals. */
export function writeCurl(operation: Operation, body: JsonSchema | null, origin: string): string {
  const path = operation.path.replace(/:([a-z]+)/gi, (_, name: string) => name.toUpperCase());
  const download = Object.values(operation.answers).some(({ contentType }) => contentType === "application/zip");
  const parts = [
    `curl${download ? " -OJ" : ""}${operation.method === "get" ? "" : ` -X ${operation.method.toUpperCase()}`} ${origin}${path}`,
  ];
  if (operation.scope !== "none") parts.push('-H "Authorization: Bearer $TOKEN"');
  if (operation.bodyType) parts.push(`-H "Content-Type: ${operation.bodyType}"`, "--data-binary @FILE");
  else if (body && operation.bodyOptional !== true)
    parts.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(exampleOf(body))}'`);
  return parts.join(" \\\n  ");
}

/** The smallest value of a schema: required fields only. */
function exampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const first = (schema.anyOf ?? schema.oneOf)?.[0];
  if (first) return exampleOf(first);
  if (schema.type === "array") return schema.items ? [exampleOf(schema.items)] : [];
  if (schema.properties)
    return Object.fromEntries((schema.required ?? []).map((name) => [name, exampleOf(schema.properties?.[name] ?? {})]));
  if (typeof schema.additionalProperties === "object") return { "app.py": exampleOf(schema.additionalProperties) };
  return schema.type === "boolean" ? true : schema.type === "integer" || schema.type === "number" ? 1 : schema.type === "null" ? null : "…";
}
