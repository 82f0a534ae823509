/** Values that fit a JSON schema well enough to be edited. Pure. */
import { z } from "zod";

export type Schemas = Readonly<Record<string, unknown>>;

const partSchema = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  format: z.string().optional(),
  contentMediaType: z.string().optional(),
  example: z.unknown().optional(),
  examples: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});

const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T12:00:00Z",
  date: "2026-01-01",
  email: "ada@example.com",
  uuid: "00000000-0000-4000-8000-000000000000",
  uri: "https://example.com",
};

/** Schemas may contain themselves. */
const deepest = 6;

/** A value that fits the schema. Six levels deep. */
export function exampleOf(schema: unknown, schemas: Schemas, depth = 0): unknown {
  const parsed = partSchema.safeParse(schema);
  if (!parsed.success || depth > deepest) return null;
  const part = parsed.data;
  const given = part.example ?? part.examples?.[0] ?? part.default ?? part.enum?.[0] ?? part.const;
  if (given !== undefined) return given;
  if (part.$ref !== undefined) return exampleOf(target(part.$ref, schemas), schemas, depth + 1);
  const inner = (part.anyOf ?? part.oneOf ?? part.allOf)?.[0];
  if (inner !== undefined) return exampleOf(inner, schemas, depth + 1);
  if (part.properties !== undefined || part.type === "object")
    return Object.fromEntries(Object.entries(part.properties ?? {}).map(([name, value]) => [name, exampleOf(value, schemas, depth + 1)]));
  if (part.type === "array") return [exampleOf(part.items, schemas, depth + 1)];
  if (part.type === "integer" || part.type === "number") return 1;
  if (part.type === "boolean") return true;
  return part.type === "string" ? (formats[part.format ?? ""] ?? "text") : null;
}

export interface Property {
  name: string;
  example: unknown;
  required: boolean;
  isFile: boolean;
}

/** The fields of a form, from the schema of its object. */
export function propertiesOf(schema: unknown, schemas: Schemas, depth = 0): Property[] {
  const parsed = partSchema.safeParse(schema);
  if (!parsed.success || depth > deepest) return [];
  const { $ref, allOf, anyOf, oneOf, properties, required = [] } = parsed.data;
  if ($ref !== undefined) return propertiesOf(target($ref, schemas), schemas, depth + 1);
  const inner = (allOf ?? anyOf ?? oneOf)?.[0];
  if (properties === undefined) return inner === undefined ? [] : propertiesOf(inner, schemas, depth + 1);
  return Object.entries(properties).map(([name, value]) => {
    const isFile = takesFile(value, schemas);
    // A list in a form is its name several times: one to begin with.
    const example = isFile ? null : exampleOf(value, schemas);
    return { name, example: Array.isArray(example) ? (example as unknown[])[0] : example, required: required.includes(name), isFile };
  });
}

/** OpenAPI 3.0 says `format: binary`, 3.1 `contentMediaType`. */
function takesFile(schema: unknown, schemas: Schemas, depth = 0): boolean {
  const parsed = partSchema.safeParse(schema);
  if (!parsed.success || depth > deepest) return false;
  const { $ref, type, format, contentMediaType, items, anyOf, oneOf, allOf } = parsed.data;
  if ($ref !== undefined) return takesFile(target($ref, schemas), schemas, depth + 1);
  if (type === "string") return format === "binary" || contentMediaType !== undefined;
  if (type === "array") return takesFile(items, schemas, depth + 1);
  return (anyOf ?? oneOf ?? allOf ?? []).some((each) => takesFile(each, schemas, depth + 1));
}

const target = (ref: string, schemas: Schemas): unknown => schemas[ref.slice(ref.lastIndexOf("/") + 1)];
