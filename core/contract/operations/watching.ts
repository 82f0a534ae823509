import { z } from "zod";
import { trafficLimits } from "../../limits.ts";
import { metricsSchema, metricsWindowSchema } from "../metrics.ts";
import { pageOf, pageQuerySchema } from "../page.ts";
import { logLineSchema, proxyAnswerSchema, proxyRequestSchema, requestSchema } from "../request.ts";
import { appParams } from "./apps.ts";
import { operation } from "./operation.ts";

/** RFC 9110: a token. */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/, "A header's name has letters, digits and - only");
const headerValue = z
  .string()
  .max(16_384)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, "A header's value has no line breaks or control characters");

export const watchingOperations = {
  proxyApp: operation({
    id: "proxyApp",
    method: "post",
    path: "/api/apps/:app/proxy",
    summary: "Send one request to an app, as the test panel does; redirects are not followed, the answer is cut at 10 MB",
    tag: "Watching",
    scope: "run",
    params: appParams,
    body: proxyRequestSchema.extend({
      method: proxyRequestSchema.shape.method.refine(
        (method) => method !== "CONNECT" && method !== "TRACE",
        "CONNECT and TRACE do not go to an app",
      ),
      headers: z.record(headerName, headerValue).optional(),
    }),
    // Escapes can double a body in JSON (`\\n`, `\"`).
    bodyBytes: trafficLimits.proxyBodyBytes * 2 + 100_000,
    refusedFields: ["path", "method", "headers"],
    answers: { 200: { description: "What the app answered", schema: proxyAnswerSchema } },
    problems: ["not_found", "payload_too_large", "invalid_request"],
  }),
  listRequests: operation({
    id: "listRequests",
    method: "get",
    path: "/api/apps/:app/requests",
    summary: "What an app was asked and answered, newest first",
    tag: "Watching",
    scope: "read",
    params: appParams,
    query: pageQuerySchema.extend({
      status: z
        .string()
        .regex(/^([1-5]xx|[1-5]\d\d)$/, "A status such as 404, or 5xx")
        .optional(),
      method: z.string().max(20).optional(),
      path: z.string().max(500).optional(),
    }),
    answers: { 200: { description: "A page of requests", schema: pageOf(requestSchema) } },
    problems: ["not_found"],
  }),
  getRequest: operation({
    id: "getRequest",
    method: "get",
    path: "/api/apps/:app/requests/:id",
    summary: "One request, with the exception that the app raised",
    tag: "Watching",
    scope: "read",
    params: appParams.extend({ id: z.string() }),
    answers: { 200: { description: "The request", schema: requestSchema } },
    problems: ["not_found"],
  }),
  getMetrics: operation({
    id: "getMetrics",
    method: "get",
    path: "/api/apps/:app/metrics",
    summary: "What an app answered over 24 hours or 7 days, hour by hour; times in ms",
    tag: "Watching",
    scope: "read",
    params: appParams,
    query: z.object({ window: metricsWindowSchema.default("24h") }),
    answers: { 200: { description: "The figures; the last hour is under way", schema: metricsSchema } },
    problems: ["not_found"],
  }),
  listLogs: operation({
    id: "listLogs",
    method: "get",
    path: "/api/apps/:app/logs",
    summary: "Lines that an app wrote, in the order they were written",
    tag: "Watching",
    scope: "read",
    params: appParams,
    query: z.object({
      since: z.string().max(500).optional().describe("A cursor, or a time"),
      tail: z.coerce.number().int().min(1).max(1000).optional(),
      search: z.string().max(200).optional(),
    }),
    answers: { 200: { description: "Lines; `nextCursor` goes into `since`", schema: pageOf(logLineSchema) } },
    problems: ["not_found"],
  }),
  createLogTicket: operation({
    id: "createLogTicket",
    method: "post",
    path: "/api/apps/:app/logs/ticket",
    summary: "A ticket for `WS /api/apps/:app/logs/stream?ticket=…`: once, within 30 s",
    tag: "Watching",
    scope: "read",
    params: appParams,
    showsSecret: true,
    answers: { 201: { description: "The ticket", schema: z.object({ ticket: z.string(), expiresInMs: z.number().int() }) } },
    problems: ["not_found"],
  }),
} as const;
