import { BookOpenIcon, ExternalLinkIcon, MoonIcon, PencilIcon, RotateCwIcon, SunIcon } from "lucide-react";
import { Form, Link, useNavigation } from "react-router";
import { formatMs } from "#app/components/format-ms.ts";
import { AddressCheck } from "#app/components/address-check.tsx";
import { FormMessage } from "#app/components/form-message.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Badge } from "#app/components/ui/badge.tsx";
import { CopyButton } from "#app/components/ui/copy-button.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import { StatusBadge } from "#app/components/ui/status-badge.tsx";
import type { App } from "#core/contract/app.ts";
import type { Deployment } from "#core/contract/deployment.ts";
import type { Problem } from "#core/contract/problem.ts";
import { toEditorPath } from "./traceback.ts";

export interface AppHeaderProps {
  app: App;
  deployment: Deployment | null;
  problem: Problem | undefined;
}

/** The app's name and state, where it answers, and what can be done with it. */
export function AppHeader({ app, deployment, problem }: AppHeaderProps) {
  const live = app.liveVersion !== null;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <h1 className="text-title min-w-0 break-words">{app.name}</h1>
            <StatusBadge status={app.status} />
            <DraftBadge app={app} />
          </div>
          {app.description !== "" && <p className="mt-1 max-w-[72ch] break-words text-muted-foreground">{app.description}</p>}
          <div className="mt-1.5 flex min-w-0 items-center gap-1">
            {live ? (
              <a
                href={app.url}
                target="_blank"
                rel="noreferrer"
                className="text-code truncate rounded-sm text-primary outline-none hover:underline focus-visible:ring-2 focus-visible:ring-ring"
              >
                {app.url}
              </a>
            ) : (
              <span className="text-code truncate text-muted-foreground">{app.url}</span>
            )}
            <CopyButton value={app.url} label="Copy URL" />
          </div>
          {live && <AddressCheck url={app.url} />}
        </div>
        <Actions app={app} live={live} />
      </div>
      {/* Also of a sleeping app: it was killed, or ended itself. A first deployment that failed says it below, with the way to its line. */}
      {app.statusReason !== undefined && app.status !== "running" && !(app.liveVersion === null && deployment?.state === "failed") && (
        <p className="text-muted-foreground">{app.statusReason}</p>
      )}
      {problem && !problem.problems?.length && <FormMessage>{problem.detail ?? problem.title}</FormMessage>}
      <DeploymentNote app={app} deployment={deployment} />
    </div>
  );
}

function Actions({ app, live }: { app: App; live: boolean }) {
  const pending = useNavigation().formData?.get("intent");
  return (
    <div className="flex flex-wrap items-center gap-2">
      {live && (
        <Form method="post" preventScrollReset className="flex gap-2">
          {app.status === "sleeping" && (
            <Button type="submit" name="intent" value="wake" variant="outline" aria-disabled={pending === "wake"}>
              <SunIcon aria-hidden />
              {pending === "wake" ? "Waking…" : "Wake"}
            </Button>
          )}
          {app.status === "running" && (
            <Button type="submit" name="intent" value="sleep" variant="outline" aria-disabled={pending === "sleep"}>
              <MoonIcon aria-hidden />
              {pending === "sleep" ? "Going to sleep…" : "Sleep"}
            </Button>
          )}
          <Button type="submit" name="intent" value="restart" variant="outline" aria-disabled={pending === "restart"}>
            <RotateCwIcon aria-hidden />
            {pending === "restart" ? "Restarting…" : "Restart"}
          </Button>
        </Form>
      )}
      {live && app.framework === "fastapi" && (
        <Button variant="outline" nativeButton={false} render={<a href={`${app.url}/docs`} target="_blank" rel="noreferrer" />}>
          <BookOpenIcon aria-hidden />
          API docs
        </Button>
      )}
      {live && (
        <Button variant="outline" nativeButton={false} render={<a href={app.url} target="_blank" rel="noreferrer" />}>
          <ExternalLinkIcon aria-hidden />
          Open
        </Button>
      )}
      <Button nativeButton={false} render={<Link to={`/apps/${app.slug}/edit`} />}>
        <PencilIcon aria-hidden />
        Edit
      </Button>
    </div>
  );
}

function DraftBadge({ app }: { app: App }) {
  if (app.deployed === null) return <Badge variant="outline">Not deployed</Badge>;
  return app.deployed.hash === app.draft.hash ? (
    <Badge variant="outline">Live: version {app.deployed.version}</Badge>
  ) : (
    <Badge variant="deploying">Saved, not deployed</Badge>
  );
}

const sourceWords: Record<Deployment["source"], string> = {
  browser: "from the browser",
  cli: "from the command line",
  api: "over the API",
  assistant: "by the assistant",
  mcp: "over MCP",
};

/** The last deployment in one line; a failed one says why and where. */
function DeploymentNote({ app, deployment }: { app: App; deployment: Deployment | null }) {
  if (deployment === null) return null;
  const what = deployment.kind === "rollback" ? "Rollback" : "Deployment";
  if (deployment.state === "running")
    return (
      <p role="status" className="flex items-center gap-2 text-muted-foreground">
        <span aria-hidden className="size-1.5 rounded-full bg-deploying motion-safe:animate-pulse" />
        {what} under way: {deployment.events.at(-1)?.message ?? "starting"}
      </p>
    );
  const took = deployment.finishedAt === null ? null : formatMs(Date.parse(deployment.finishedAt) - Date.parse(deployment.createdAt));
  if (deployment.state === "succeeded") {
    return (
      <p className="text-muted-foreground">
        {deployment.version === undefined ? what : `Version ${deployment.version}`}{" "}
        {deployment.kind === "rollback" ? "rolled back to" : "deployed"} <RelativeTime at={deployment.finishedAt ?? deployment.createdAt} />
        {took !== null && <> in {took}</>}, {sourceWords[deployment.source]}.
      </p>
    );
  }
  const place = deployment.problems?.find(({ severity }) => severity === "error");
  return (
    <div className="rounded-xl border border-error/30 bg-error/5 px-4 py-3">
      <p className="font-medium text-error">
        The last {what.toLowerCase()} failed <RelativeTime at={deployment.finishedAt ?? deployment.createdAt} />
      </p>
      <p className="mt-0.5 break-words">{place?.message ?? deployment.error ?? "No reason was given; the logs may say more."}</p>
      <p className="mt-1 text-[13px] text-muted-foreground">
        {app.liveVersion !== null ? `Version ${app.liveVersion} is still live.` : "Your draft is kept."}
        {place && (
          <>
            {" "}
            <Link to={toEditorPath(app.slug, place.file, place.line)} className="font-medium text-primary underline underline-offset-4">
              Open {place.file}, line {place.line}
            </Link>
          </>
        )}
      </p>
    </div>
  );
}
