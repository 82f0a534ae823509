/** What one row of the HTTP API is made of. Routes, the OpenAPI document, the readable page and the typed client all come from these rows. */
import type { z } from "zod";
import type { Scope } from "../account.ts";
import type { ProblemCode } from "../problem.ts";

export type HttpMethod = "get" | "post" | "put" | "patch" | "delete";

export interface OperationAnswer {
  description: string;
  /** Absent: no body. A stream's schema is that of one event's `data`. */
  schema?: z.ZodType;
  /** Default `application/json`. */
  contentType?: "application/json" | "text/event-stream" | "application/zip";
}

export interface Operation {
  /** The OpenAPI `operationId`. */
  id: string;
  method: HttpMethod;
  /** Parameters as `:name`. */
  path: string;
  summary: string;
  tag: "Accounts" | "Apps" | "Drafts" | "Watching" | "Databases" | "Templates" | "Packages" | "Admin" | "Machine";
  /** `none`: without sign-in. */
  scope: "none" | Scope;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** The body is a file of this type, not JSON: as it is, or as the field `file` of a form. Its schema is that of a `File`. */
  bodyType?: "application/zip";
  /** The body may be left out: then it is `{}`. */
  bodyOptional?: boolean;
  /** Most bytes of the body; 2 MB by default. */
  bodyBytes?: number;
  /** Fields of the body whose *form* decides on 422 rather than 400: the request was understood and is refused. */
  refusedFields?: readonly string[];
  /** The answer shows a secret once, so that it is not kept for a repeated `Idempotency-Key`. */
  showsSecret?: boolean;
  /** Answered by better-auth itself: described here, not routed. */
  delegated?: boolean;
  answers: Readonly<Record<number, OperationAnswer>>;
  /** Beyond those that any operation may answer (`invalid_input`, `unauthenticated`, `forbidden`, `bad_origin`, `internal_error`, `database_unavailable`). */
  problems: readonly ProblemCode[];
}

/** Keeps the literal types of a row, which the client and the handlers are typed by. */
export const operation = <const Row extends Operation>(row: Row): Row => row;
