/** Requests to start from, out of the app's own OpenAPI document: paths, parameters, bodies, credentials. Pure; loaded when a path is asked for. */
import { z } from "zod";
import { exampleOf, propertiesOf, type Schemas } from "./openapi-examples.ts";
import type { AuthKind } from "./request-auth.ts";
import type { BodyDraft, Part } from "./request-bodies.ts";
import type { Row } from "./request-headers.ts";
import { methods } from "./requests.ts";

/** One operation of the app. */
export interface Suggestion {
  method: string;
  path: string;
  summary: string;
  headers: readonly Row[];
  /** Null: it takes none. */
  body: (Pick<BodyDraft, "bodyKind"> & Partial<BodyDraft>) | null;
  /** Null: it asks for none, or it need not be given. */
  auth: { kind: AuthKind; keyName?: string } | null;
}

const anyRecord = z.record(z.string(), z.unknown());
const documentSchema = z.object({
  paths: z.record(z.string(), anyRecord),
  components: z.record(z.string(), anyRecord).optional(),
  security: z.array(z.record(z.string(), z.unknown())).optional(),
});
const parameterSchema = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().optional(),
  schema: z.unknown().optional(),
  example: z.unknown().optional(),
});
const operationSchema = z.object({
  summary: z.string().optional(),
  parameters: z.array(z.unknown()).optional(),
  requestBody: z.unknown().optional(),
  security: z.array(z.record(z.string(), z.unknown())).optional(),
});
const contentSchema = z.object({
  content: z.record(z.string(), z.object({ schema: z.unknown().optional(), example: z.unknown().optional() })),
});
const schemeSchema = z.object({ type: z.string(), scheme: z.string().optional(), in: z.string().optional(), name: z.string().optional() });

type Document = z.infer<typeof documentSchema>;
type Parameter = z.infer<typeof parameterSchema>;

/** The operations in an OpenAPI document's text, in its order; none when it is not one. */
export function readSuggestions(text: string): Suggestion[] {
  const parsed = documentSchema.safeParse(tryParse(text));
  if (!parsed.success) return [];
  const document = parsed.data;
  const schemas = document.components?.["schemas"] ?? {};
  return Object.entries(document.paths).flatMap(([path, item]) => {
    const shared = Array.isArray(item["parameters"]) ? (item["parameters"] as unknown[]) : [];
    return Object.entries(item).flatMap(([method, raw]) => {
      const operation = operationSchema.safeParse(raw);
      if (!operation.success || !(methods as readonly string[]).includes(method.toUpperCase())) return [];
      const { summary = "", parameters = [], requestBody, security = document.security ?? [] } = operation.data;
      const known = toParameters([...shared, ...parameters], document);
      const scheme = findScheme(security, document);
      const headers = known.filter((each) => each.in === "header").map((each): Row => toRow(each, schemas));
      const cookies = known.filter((each) => each.in === "cookie");
      if (scheme?.type === "apiKey" && scheme.in === "cookie")
        cookies.push({ name: scheme.name ?? "session", in: "cookie", required: true });
      if (cookies.length > 0)
        headers.push({
          name: "Cookie",
          value: cookies.map((each) => `${each.name}=${wordOf(each, schemas)}`).join("; "),
          on: cookies.some(({ required }) => required === true),
        });
      const query = known
        .filter((each) => each.in === "query" && each.required)
        .map((each) => `${encodeURIComponent(each.name)}=${encodeURIComponent(wordOf(each, schemas))}`);
      if (scheme?.type === "apiKey" && scheme.in === "query") query.push(`${encodeURIComponent(scheme.name ?? "key")}=`);
      return [
        {
          method: method.toUpperCase(),
          path: path + (query.length > 0 ? `?${query.join("&")}` : ""),
          summary,
          headers,
          body: toBody(requestBody, document, schemas),
          auth: toAuth(scheme),
        },
      ];
    });
  });
}

function toParameters(given: readonly unknown[], document: Document): Parameter[] {
  return given.flatMap((each) => {
    const parameter = parameterSchema.safeParse(resolve(each, document));
    return parameter.success ? [parameter.data] : [];
  });
}

const toRow = (parameter: Parameter, schemas: Schemas): Row => ({
  name: parameter.name,
  value: wordOf(parameter, schemas),
  on: parameter.required === true,
});

/** A parameter's example as it stands in a URL or a header. */
function wordOf({ example, schema }: Pick<Parameter, "example" | "schema">, schemas: Schemas): string {
  const value = example ?? exampleOf(schema, schemas);
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean);
}

function toBody(requestBody: unknown, document: Document, schemas: Schemas): Suggestion["body"] {
  const parsed = contentSchema.safeParse(resolve(requestBody, document));
  if (!parsed.success) return null;
  const types = Object.entries(parsed.data.content);
  const find = (wanted: RegExp) => types.find(([type]) => wanted.test(type))?.[1];
  const json = find(/^application\/(.*\+)?json/);
  if (json) return { bodyKind: "json", text: JSON.stringify(json.example ?? exampleOf(json.schema, schemas), null, 2) };
  const form = find(/^application\/x-www-form-urlencoded/);
  if (form) {
    const fields = propertiesOf(form.schema, schemas).map(({ name, example, required }): Row => ({
      name,
      value: toWord(example),
      on: required,
    }));
    return { bodyKind: "form", fields };
  }
  const multipart = find(/^multipart\/form-data/);
  if (multipart) {
    const parts = propertiesOf(multipart.schema, schemas).map(({ name, example, required, isFile }): Part => ({
      name,
      value: isFile ? "" : toWord(example),
      on: required,
      isFile,
      file: null,
    }));
    return { bodyKind: "multipart", parts };
  }
  const text = find(/^text\//);
  return text ? { bodyKind: "text", text: typeof text.example === "string" ? text.example : "" } : null;
}

const toWord = (value: unknown): string =>
  value === null || value === undefined
    ? ""
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value as string | number | boolean);

/** The first scheme that the operation asks for; none where it may be called without. */
function findScheme(security: readonly Record<string, unknown>[], document: Document): z.infer<typeof schemeSchema> | null {
  if (security.some((each) => Object.keys(each).length === 0)) return null;
  const [name] = Object.keys(security[0] ?? {});
  const scheme = schemeSchema.safeParse(name === undefined ? null : resolve(document.components?.["securitySchemes"]?.[name], document));
  return scheme.success ? scheme.data : null;
}

function toAuth(scheme: z.infer<typeof schemeSchema> | null): Suggestion["auth"] {
  if (scheme === null) return null;
  if (scheme.type === "http" && scheme.scheme?.toLowerCase() === "basic") return { kind: "basic" };
  if (scheme.type === "http" || scheme.type === "oauth2" || scheme.type === "openIdConnect") return { kind: "bearer" };
  return scheme.type === "apiKey" && scheme.in === "header" ? { kind: "key", keyName: scheme.name ?? "X-API-Key" } : null;
}

/** What a reference within the document stands for; one step, for none of these refer on. */
function resolve(value: unknown, document: Document): unknown {
  const reference = z.object({ $ref: z.string() }).safeParse(value);
  const [, kind, name] = reference.success ? (/^#\/components\/([^/]+)\/([^/]+)$/.exec(reference.data.$ref) ?? []) : [];
  return kind === undefined || name === undefined ? value : document.components?.[kind]?.[name];
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
