/** An app that could not be started: what its author can act on, and how it is told to whoever waits for the app. */
import { AppError } from "#core/contract/problem.ts";
import type { LoadError, LoadReport } from "./runtime.ts";

/** The app itself could not be started: its author can act on `error`. */
export class LoadFailure extends Error {
  override readonly name = "LoadFailure";
  readonly error: LoadError;
  readonly report: LoadReport | null;

  constructor(error: LoadError, report: LoadReport | null) {
    super(error.message);
    this.error = error;
    this.report = report;
  }
}

/** What a runner has to end an import that takes too long and say where it was, before it is killed. */
export const reportMs = 500;

/** For an app that did not answer in time; `loaded`: its import was done by then. */
export function toTimeout(timeoutMs: number, loaded: boolean): LoadError {
  const seconds = `${Math.round(timeoutMs / 100) / 10} s`;
  const what = loaded ? "Its start-up (lifespan) did not finish" : "Loading it did not finish";
  return {
    kind: "timeout",
    type: "Timeout",
    message: `${what} within ${seconds}. Something at start waits or computes too long: move it into a request or a background task`,
  };
}

/** For the app's status, in one line: what, and where in the author's code. */
export function describeFailure({ kind, type, message, file, line }: LoadError): string {
  const where = file === undefined ? "" : ` (${file}${line === undefined ? "" : `, line ${line}`})`;
  return `The app could not be started. ${kind === "load" || kind === "lifespan" ? `${type}: ` : ""}${message}${where}`;
}

/** For the requests that wait for it. */
export function toWakeError(failure: LoadFailure): AppError {
  return new AppError("app_failed", `The app could not be started: ${failure.error.message}`, {
    cause: failure,
    extra: { error: failure.error },
  });
}
