/** The id of the request under way, for log lines and answers, without passing it through every function. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

interface RequestScope {
  requestId: string;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/** 96 random bits are enough to be unique within the time that logs are kept, and short enough to be read out. */
export function createRequestId(): string {
  return randomBytes(12).toString("base64url");
}

/** Runs `work` as part of the request `requestId`. */
export function inRequest<Result>(requestId: string, work: () => Result): Result {
  return scopes.run({ requestId }, work);
}

/** The id of the request under way; undefined outside of one, as in background work. */
export function currentRequestId(): string | undefined {
  return scopes.getStore()?.requestId;
}
