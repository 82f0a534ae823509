import type { Deployment, DeployEvent } from "#core/contract/deployment.ts";
import type { SourceProblem } from "#core/contract/problem.ts";
import type { DeploymentRecord } from "./models.ts";

/** A deployment as every surface sees it; `running` are its events while it runs in this process, which are written at its end. */
export function toDeployment(found: DeploymentRecord, url: string, running: readonly DeployEvent[] | undefined): Deployment {
  const events =
    running ??
    found.events.map((event) => ({
      at: event.at.toISOString(),
      stage: event.stage,
      status: event.status,
      message: event.message,
      elapsedMs: event.elapsedMs,
    }));
  return {
    id: String(found._id),
    app: found.appId,
    kind: found.kind,
    source: found.source,
    ...(found.version == null ? {} : { version: found.version }),
    state: found.state,
    events: [...events],
    // Written by `describeFailure` only, which makes nothing else.
    ...(found.problems.length > 0 ? { problems: found.problems as SourceProblem[] } : {}),
    ...(found.error == null ? {} : { error: found.error }),
    ...(found.traceback == null ? {} : { traceback: found.traceback }),
    url,
    createdAt: found.createdAt.toISOString(),
    finishedAt: found.finishedAt?.toISOString() ?? null,
  };
}
