import { BookOpenIcon, ExternalLinkIcon, MoonStarIcon, PencilIcon, ScrollTextIcon } from "lucide-react";
import { Link, useFetcher } from "react-router";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { cn } from "#app/components/ui/cn.ts";
import { CopyButton } from "#app/components/ui/copy-button.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import { StatusBadge } from "#app/components/ui/status-badge.tsx";
import type { App } from "#core/contract/app.ts";
import type { LastDay } from "#server/requests/index.ts";
import { lastActivity } from "./list-query.ts";
import { Sparkline } from "./sparkline.tsx";

const iconLink = cn(buttonVariants({ variant: "ghost", size: "icon-sm" }), "text-muted-foreground");

/** One app: what it is, how it is, where it answers, and what fits its state. */
export function AppRow({ app, day }: { app: App; day: LastDay | undefined }) {
  const live = app.liveVersion !== null;
  return (
    <li className="group relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-4 py-3 transition-colors hover:bg-muted/50 md:grid-cols-[minmax(0,1.3fr)_6.5rem_minmax(0,1fr)_6rem_13.5rem] lg:grid-cols-[minmax(0,1.3fr)_6.5rem_minmax(0,1fr)_6rem_6rem_13.5rem]">
      <div className="min-w-0">
        {/* The whole row leads to the app; its own links and buttons lie above this one. */}
        <Link
          to={`/apps/${app.slug}`}
          prefetch="intent"
          className="block truncate rounded-sm font-medium outline-none after:absolute after:inset-0 focus-visible:after:ring-2 focus-visible:after:ring-ring focus-visible:after:ring-inset"
        >
          {app.name}
        </Link>
        <p className="truncate text-[13px] text-muted-foreground">
          {app.description || (live ? `Version ${app.liveVersion}` : "Not deployed yet")}
        </p>
      </div>
      <StatusBadge status={app.status} title={app.statusReason} />
      <div className="col-start-1 flex min-w-0 items-center gap-1 md:col-start-3">
        {live ? (
          <a
            href={app.url}
            target="_blank"
            rel="noreferrer"
            className="text-code relative truncate rounded-sm text-muted-foreground outline-none hover:text-foreground hover:underline focus-visible:ring-2 focus-visible:ring-ring"
          >
            {app.url.replace(/^https?:\/\//, "")}
          </a>
        ) : (
          <span className="text-code truncate text-muted-foreground">{app.url.replace(/^https?:\/\//, "")}</span>
        )}
        <CopyButton
          value={app.url}
          label={`Copy the URL of ${app.name}`}
          className="relative text-muted-foreground md:opacity-0 md:group-focus-within:opacity-100 md:group-hover:opacity-100 md:focus-visible:opacity-100"
        />
      </div>
      <div className="max-lg:hidden">{day && <Sparkline day={day} />}</div>
      <RelativeTime
        at={lastActivity(app)}
        className="justify-self-end text-[13px] whitespace-nowrap text-muted-foreground md:justify-self-start"
      />
      <div className="relative col-span-2 -ml-1.5 flex items-center gap-0.5 md:col-span-1 md:ml-0 md:justify-end">
        {app.status === "sleeping" && <WakeButton app={app} />}
        <Link to={`/apps/${app.slug}/edit`} aria-label={`Edit ${app.name}`} title="Edit" className={iconLink}>
          <PencilIcon aria-hidden />
        </Link>
        <Link to={`/apps/${app.slug}#logs`} aria-label={`Logs of ${app.name}`} title="Logs" className={iconLink}>
          <ScrollTextIcon aria-hidden />
        </Link>
        {live && app.framework === "fastapi" && (
          <a
            href={`${app.url}/docs`}
            target="_blank"
            rel="noreferrer"
            aria-label={`API docs of ${app.name}`}
            title="API docs"
            className={iconLink}
          >
            <BookOpenIcon aria-hidden />
          </a>
        )}
        {live && (
          <a href={app.url} target="_blank" rel="noreferrer" aria-label={`Open ${app.name}`} title="Open" className={iconLink}>
            <ExternalLinkIcon aria-hidden />
          </a>
        )}
      </div>
    </li>
  );
}

function WakeButton({ app }: { app: App }) {
  const fetcher = useFetcher();
  const waking = fetcher.state !== "idle";
  return (
    <fetcher.Form method="post" action="/apps">
      <input type="hidden" name="slug" value={app.slug} />
      <button
        type="submit"
        name="intent"
        value="wake"
        aria-disabled={waking}
        aria-label={`Wake ${app.name}`}
        className={cn(buttonVariants({ variant: "ghost", size: "sm" }), "text-muted-foreground")}
      >
        <MoonStarIcon aria-hidden />
        {waking ? "Waking…" : "Wake"}
      </button>
    </fetcher.Form>
  );
}
