import { z } from "zod";
import { requestPath } from "./request-path.ts";

export const requestErrorSchema = z.object({
  type: z.string(),
  message: z.string(),
  file: z.string().optional(),
  line: z.number().int().optional(),
  traceback: z.string(),
});
export type RequestError = z.infer<typeof requestErrorSchema>;

/** One HTTP exchange with an app: the gateway's facts, and the runner's exception where there was one. */
export const requestSchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  method: z.string(),
  path: z.string(),
  queryNames: z.array(z.string()),
  status: z.number().int(),
  latencyMs: z.number(),
  coldStartMs: z.number().nullable(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  version: z.number().int(),
  answeredBy: z.enum(["app", "gateway"]),
  hx: z.record(z.string(), z.string()).optional().describe("The request's `HX-*` headers, where htmx sent it"),
  aborted: z.enum(["client", "app"]).optional().describe("Who ended the exchange before the answer was whole"),
  error: requestErrorSchema.optional(),
});
export type RequestEntry = z.infer<typeof requestSchema>;

export const logLineSchema = z.object({
  at: z.iso.datetime(),
  stream: z.enum(["stdout", "stderr", "platform"]),
  text: z.string(),
  instance: z.string(),
});
export type LogEntry = z.infer<typeof logLineSchema>;

export const proxyRequestSchema = z
  .object({
    method: z.string().regex(/^[A-Z]{1,20}$/, "An HTTP method in capitals"),
    path: z.string().max(requestPath.most).regex(requestPath.pattern, requestPath.message),
    headers: z.record(z.string(), z.string()).optional(),
    /** 10 MB of bytes; in base64 they are a third more. */
    body: z.string().max(13_400_000).optional(),
    bodyEncoding: z.enum(["utf8", "base64"]).optional().describe("What `body` is written in; `base64` for bytes that are no text"),
  })
  .strict();
export type ProxyRequest = z.infer<typeof proxyRequestSchema>;

export const proxyAnswerSchema = z.object({
  status: z.number().int(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
  bodyEncoding: z.enum(["utf8", "base64"]),
  latencyMs: z.number(),
  coldStartMs: z.number().optional(),
  truncated: z.boolean(),
});
export type ProxyAnswer = z.infer<typeof proxyAnswerSchema>;

/** One line of an answer that is told as it arrives: its head, its bytes, how it ended. An empty line says that the stream lives. */
export const proxyStreamLineSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("head"),
    status: z.number().int(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    latencyMs: z.number(),
    coldStartMs: z.number().optional(),
  }),
  z.object({ type: z.literal("bytes"), base64: z.string() }),
  z.object({ type: z.literal("end"), latencyMs: z.number(), truncated: z.boolean() }),
]);
export type ProxyStreamLine = z.infer<typeof proxyStreamLineSchema>;
