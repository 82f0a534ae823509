import { z } from "zod";

/** Every failure a caller can act on, with the HTTP status that carries it. The codes are stable: clients switch on them. */
export const statusByCode = {
  invalid_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  bad_origin: 403,
  signup_closed: 403,
  setup_code_required: 403,
  isolation_missing: 403,
  not_found: 404,
  method_not_allowed: 405,
  draft_changed: 409,
  conflict: 409,
  deployment_running: 409,
  not_deployed: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  validation_failed: 422,
  invalid_request: 422,
  rate_limited: 429,
  quota_exceeded: 429,
  internal_error: 500,
  app_failed: 502,
  runtime_unavailable: 503,
  database_unavailable: 503,
  storage_full: 507,
} as const;

export type ProblemCode = keyof typeof statusByCode;

/** A finding about one place in an app's files. Lines and columns count from 1; an end is exclusive. */
export const sourceProblemSchema = z.object({
  file: z.string(),
  line: z.number().int().min(1),
  column: z.number().int().min(1),
  endLine: z.number().int().min(1).optional(),
  endColumn: z.number().int().min(1).optional(),
  code: z.string(),
  message: z.string(),
  severity: z.enum(["error", "warning", "info"]),
});
export type SourceProblem = z.infer<typeof sourceProblemSchema>;

/** A finding about one field of the input; `path` is dotted. */
export const fieldProblemSchema = z.object({ path: z.string(), message: z.string() });
export type FieldProblem = z.infer<typeof fieldProblemSchema>;

/** RFC 9457 problem details, as every error of the API is answered. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  code: z.string(),
  requestId: z.string().optional(),
  problems: z.array(z.union([sourceProblemSchema, fieldProblemSchema])).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export interface AppErrorOptions extends ErrorOptions {
  problems?: readonly (SourceProblem | FieldProblem)[];
  /** Seconds after which a retry makes sense; sent as `Retry-After`. */
  retryAfterSeconds?: number;
  /** Extra members of the problem document, such as both versions of a draft in conflict. */
  extra?: Record<string, unknown>;
}

/** A failure the caller can act on. Anything else that is thrown is a bug. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ProblemCode;
  readonly problems: readonly (SourceProblem | FieldProblem)[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly extra: Record<string, unknown> | undefined;

  constructor(code: ProblemCode, message: string, options: AppErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.problems = options.problems;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.extra = options.extra;
  }

  get status(): number {
    return statusByCode[this.code];
  }
}
