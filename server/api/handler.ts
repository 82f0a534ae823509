/** What a handler of one operation is given and gives, typed by its row of the table. */
import type { Context } from "hono";
import type { z } from "zod";
import type { OperationId, Operations } from "#core/contract/operations/index.ts";
import type { DeploymentSource } from "#core/contract/deployment.ts";
import type { Caller } from "#server/accounts/index.ts";

type Parsed<Row, Key extends string> = Row extends { [Name in Key]: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : Record<never, never>;
type Statuses<Row> = Row extends { answers: infer Answers } ? keyof Answers : never;
type BodyOf<Row, Status> = Row extends { answers: infer Answers }
  ? Status extends keyof Answers
    ? Answers[Status] extends { contentType: "text/event-stream" | "application/zip" }
      ? Response
      : Answers[Status] extends { schema: infer Schema extends z.ZodType }
        ? z.input<Schema>
        : undefined
    : never
  : never;

export interface Call<Id extends OperationId> {
  /** Null only where the row's scope is `none`. */
  caller: Operations[Id]["scope"] extends "none" ? null : Caller;
  params: Parsed<Operations[Id], "params">;
  query: Parsed<Operations[Id], "query">;
  body: Parsed<Operations[Id], "body">;
  request: Request;
  /** Who deploys, for the figures. */
  source: DeploymentSource;
  context: Context;
}

export type Answer<Id extends OperationId> = { [Status in Statuses<Operations[Id]>]: BodyOf<Operations[Id], Status> }[Statuses<
  Operations[Id]
>];

/** Gives the body; the status is the only one of the row. */
export type Handler<Id extends OperationId> = (call: Call<Id>) => Promise<Answer<Id>>;

/** Operations that better-auth answers are not handled here. */
export type HandledId = { [Id in OperationId]: Operations[Id] extends { delegated: true } ? never : Id }[OperationId];
export type Handlers = { [Id in HandledId]: Handler<Id> };
