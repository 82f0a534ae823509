/** Reads what the session of a tab has stored of the test panel. Pure; loaded when there is something: zod is not in the first load. */
import { z } from "zod";
import { authKinds, type Credentials } from "./request-auth.ts";
import { bodyKinds } from "./request-bodies.ts";
import { bounded, type KeptAnswer, type Sent } from "./sent-history.ts";

const rowSchema = z.object({ name: z.string(), value: z.string(), on: z.boolean() });
const ids = <Id extends string>(of: readonly { id: Id }[]) => z.enum(of.map(({ id }) => id) as [Id, ...Id[]]);
const keptAnswerSchema: z.ZodType<KeptAnswer> = z.object({
  status: z.number(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  latencyMs: z.number(),
  coldStartMs: z.number().optional(),
  body: z.string().nullable(),
  sizeBytes: z.number(),
  cut: z.boolean(),
});
const partSchema = rowSchema.extend({
  isFile: z.boolean(),
  file: z
    .object({ name: z.string(), type: z.string(), sizeBytes: z.number() })
    .transform((file) => ({ ...file, content: null }))
    .nullable(),
});
const sentSchema: z.ZodType<Sent> = z.object({
  at: z.iso.datetime(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    headers: z.array(rowSchema),
    auth: ids(authKinds),
    bodyKind: ids(bodyKinds),
    text: z.string(),
    fields: z.array(rowSchema),
    parts: z.array(partSchema),
  }),
  status: z.number().nullable(),
  latencyMs: z.number().nullable(),
  answer: keptAnswerSchema.nullable(),
});
const credentialsSchema: z.ZodType<Credentials> = z.object({
  token: z.string(),
  user: z.string(),
  password: z.string(),
  keyName: z.string(),
  key: z.string(),
});

/** The history as stored text; what cannot be read counts as none. */
export const parseHistory = (text: string | null): Sent[] => bounded(parse(z.array(sentSchema), text) ?? []);

/** The credentials as stored text; null when they cannot be read. */
export const parseCredentials = (text: string | null): Credentials | null => parse(credentialsSchema, text);

function parse<Value>(schema: z.ZodType<Value>, text: string | null): Value | null {
  try {
    return schema.parse(JSON.parse(text ?? ""));
  } catch {
    return null;
  }
}
