/** A typed client over the operation table: one function, which parses every answer. For the CLI, scripts and tests. */
import type { z } from "zod";
import { operations, type Operation, type OperationId, type Operations } from "./operations/index.ts";
import { AppError, problemSchema, statusByCode, type Problem, type ProblemCode } from "./problem.ts";

type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : never;
type Part<Row, Key extends string> = Row extends { [Name in Key]: infer Schema } ? { [Name in Key]: In<Schema> } : unknown;

/** What a caller gives for one operation. A query's and an optional body's parts may be left out. */
export type CallInput<Id extends OperationId> = Part<Operations[Id], "params"> &
  Partial<Part<Operations[Id], "query">> &
  (Operations[Id] extends { bodyOptional: true } ? Partial<Part<Operations[Id], "body">> : Part<Operations[Id], "body">);

type AnswerOf<Row> = Row extends { answers: infer Answers } ? Answers[keyof Answers] : never;
/** What an operation gives: the parsed body, or undefined where there is none. */
export type CallResult<Id extends OperationId> =
  AnswerOf<Operations[Id]> extends { schema: infer Schema extends z.ZodType } ? z.output<Schema> : undefined;

export interface ClientOptions {
  /** The platform's address, without a path. */
  baseUrl: string;
  token?: string | undefined;
  headers?: Readonly<Record<string, string>>;
  fetch?: (request: Request) => Promise<Response>;
}

export interface CallOptions {
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** What the platform refused, as it said so. */
export class ApiProblem extends AppError {
  readonly problem: Problem;
  constructor(problem: Problem) {
    const code: ProblemCode = Object.hasOwn(statusByCode, problem.code) ? (problem.code as ProblemCode) : "internal_error";
    super(code, problem.detail ?? problem.title, problem.problems ? { problems: problem.problems } : {});
    this.problem = problem;
  }
}

export type Client = <Id extends OperationId>(id: Id, input: CallInput<Id>, options?: CallOptions) => Promise<CallResult<Id>>;

/** Calls throw `ApiProblem` for a refusal and ZodError for an answer that is not as promised. Not for streams (`text/event-stream`). */
export function createClient({ baseUrl, token, headers = {}, fetch: send = fetch }: ClientOptions): Client {
  return async (id, input, options = {}) => {
    const row: Operation = operations[id];
    const {
      params = {},
      query = {},
      body,
    } = input as { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };
    const url = new URL(
      row.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name]))),
      baseUrl,
    );
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, typeof value === "string" ? value : JSON.stringify(value));
    const response = await send(
      new Request(url, {
        method: row.method.toUpperCase(),
        redirect: "manual",
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": row.bodyType ?? "application/json" }),
          ...(options.idempotencyKey === undefined ? {} : { "idempotency-key": options.idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    );
    const answer = row.answers[response.status];
    if (!answer) throw new ApiProblem(problemSchema.loose().parse(await response.json()));
    if (answer.contentType === "application/zip") return toFile(response, await response.arrayBuffer()) as never;
    return (answer.schema ? answer.schema.parse(await response.json()) : undefined) as never;
  };
}

/** The answer as the file that it names. */
function toFile(response: Response, bytes: ArrayBuffer): File {
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "download";
  return new File([bytes], name, { type: response.headers.get("content-type") ?? "" });
}
