/**
 * The operation table of the HTTP API: the one source of its routes, its OpenAPI document, its readable page and its client.
 * Guarantees: an operation that stands here is served (tests/api walks all of them). Does not say who may see what: the domains do.
 */
import { accountOperations } from "./accounts.ts";
import { adminOperations } from "./admin.ts";
import { appOperations } from "./apps.ts";
import { deploymentOperations } from "./deployments.ts";
import { draftOperations } from "./drafts.ts";
import { resourceOperations } from "./resources.ts";
import { templateOperations } from "./templates.ts";
import { watchingOperations } from "./watching.ts";

export type { HttpMethod, Operation, OperationAnswer } from "./operation.ts";
export { databaseSchema, packageSchema } from "./resources.ts";

export const operations = {
  ...accountOperations,
  ...appOperations,
  ...deploymentOperations,
  ...draftOperations,
  ...watchingOperations,
  ...resourceOperations,
  ...templateOperations,
  ...adminOperations,
} as const;

export type Operations = typeof operations;
export type OperationId = keyof Operations;
