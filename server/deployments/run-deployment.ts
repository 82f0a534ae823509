import { normaliseFiles } from "#core/bundle.ts";
import type { Framework } from "#core/contract/app.ts";
import type { Files } from "#core/contract/files.ts";
import type { SourceProblem } from "#core/contract/problem.ts";
import type { AppRecord, AppRecords, LiveVersion } from "#server/apps/index.ts";
import type { LoadError, Runtime } from "#server/runtime/runtime.ts";
import { failpoint, untilDatabaseAnswers } from "#server/storage/index.ts";
import type { DeploymentRecord } from "./models.ts";
import type { Progress } from "./progress.ts";
import { makeSpec, type SpecOptions } from "./spec.ts";
import type { Versions } from "./versions.ts";

export type Outcome =
  | { state: "succeeded"; live: LiveVersion }
  | { state: "failed"; error: string; problems: SourceProblem[]; traceback: string | null };

export interface RunOptions {
  runtime: Runtime;
  records: AppRecords;
  versions: Versions;
  spec: SpecOptions;
}

/** One recorded deployment, and what is at hand for it. */
export interface Attempt {
  /** As it was when the deployment began. */
  app: AppRecord;
  deployment: DeploymentRecord;
  /** The files of `deployment.hash`, where the caller has them: nobody reads them from the database then. */
  files: Files | null;
  /** Settles when the app shows this attempt as under way: what comes later must not be overwritten by it. */
  noted: Promise<void>;
}

/**
 * Takes one recorded deployment from its bundle to traffic. The live version changes in the single write inside `commit`:
 * before it a crash leaves the old version, after it the reconciler only writes down what happened.
 */
export async function runDeployment(
  options: RunOptions,
  { app, deployment, files, noted }: Attempt,
  progress: Progress,
  signal: AbortSignal,
  requireLease: () => Promise<void> = async () => {},
): Promise<Outcome> {
  const { runtime, records, versions } = options;
  // What is under way is ended when the database is back, rather than failed half-way: every step may be repeated.
  const patiently = <Result>(task: () => Promise<Result>): Promise<Result> => untilDatabaseAnswers(task, signal);
  const rollingTo = deployment.version ?? undefined;
  // Shown to the app's requests; the real number is settled by the commit.
  const expected = rollingTo ?? app.versionCounter + 1;
  const made = await patiently(() => makeSpec(options.spec, app, deployment.hash, expected));
  const readFiles = files ? async () => normaliseFiles(files) : () => patiently(made.readFiles);
  const spec = { ...made, readFiles };
  let live: LiveVersion | null = null;
  let framework: Framework | null = app.framework ?? null;
  const commit = async (): Promise<void> => {
    failpoint("deploy-before-commit");
    await noted;
    await requireLease();
    const { hash, _id } = deployment;
    const wanted = { hash, deploymentId: String(_id), version: rollingTo, versionCounter: app.versionCounter, framework };
    const committed = await patiently(() => records.makeLive(spec.appId, wanted));
    live = committed;
    failpoint("deploy-after-commit");
    if (!committed) throw new AppDeleted();
    if (rollingTo === undefined) await patiently(() => versions.write(deployment, committed.version, framework));
    failpoint("deploy-version-written");
  };
  try {
    for await (const event of runtime.deploy(spec, commit, signal)) {
      if (event.type === "stage") progress.add(event.stage, event.status, event.message);
      else if (event.type === "failed") {
        progress.add(event.stage, "failed", event.error.message);
        return { state: "failed", ...describeFailure(event.error, app.entrypoint) };
      } else framework = event.report.framework ?? framework;
    }
  } catch (error) {
    // What is live is live, even when the platform stops before traffic switched: the next request wakes it.
    if (live) return { state: "succeeded", live };
    if (!(error instanceof AppDeleted)) throw error;
    return { state: "failed", error: "The app was deleted while it was deployed.", problems: [], traceback: null };
  }
  failpoint("deploy-switched");
  if (!live) throw new Error("The runtime ended a deployment without a commit and without a failure.");
  return { state: "succeeded", live };
}

class AppDeleted extends Error {}

/** What the author reads: the error in a sentence, and a mark on the line where it lies in their files. */
export function describeFailure(
  error: LoadError,
  entrypoint: string,
): { error: string; problems: SourceProblem[]; traceback: string | null } {
  const message = error.type && !error.message.startsWith(error.type) ? `${error.type}: ${error.message}` : error.message;
  const problem: SourceProblem = {
    file: error.file ?? entrypoint,
    line: error.line ?? 1,
    column: error.column ?? 1,
    code: `load_${error.kind}`,
    message,
    severity: "error",
  };
  return { error: message, problems: [problem], traceback: error.traceback ?? null };
}
