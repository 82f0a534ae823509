/** One app: how it is, what it answered, what it says, what it keeps. */
import { redirect } from "react-router";
import { z } from "zod";
import { readForm } from "#app/components/form-input.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { AppError } from "#core/contract/problem.ts";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/dashboard.ts";
import { readRequestQuery } from "./dashboard-query.ts";
import { DatabaseCard } from "./database-card.tsx";
import { DeleteCard } from "./delete-card.tsx";
import { AppHeader } from "./header.tsx";
import { LogCard } from "./log-card.tsx";
import { MetricsCard } from "./metrics-card.tsx";
import { RequestsCard } from "./requests-card.tsx";
import { useLiveUpdates } from "./use-live-updates.ts";
import { VersionsCard } from "./versions-card.tsx";

export const meta: Route.MetaFunction = ({ loaderData }) => [{ title: `${loaderData?.app.name ?? "App"} · FastAPI Platform` }];
export const handle: PageHandle = {
  crumbs: ({ slug }, data) => [
    { label: "Apps", to: "/apps" },
    { label: (data as Route.ComponentProps["loaderData"] | undefined)?.app.name ?? slug ?? "App" },
  ],
};

export const loader = route(async ({ url, params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { apps, databases, deployments, requests } = context.get(servicesContext);
  const query = readRequestQuery(url.searchParams);
  const app = await apps.find(user.id, params.slug);
  const { window: span, ...filter } = query;
  const [page, metrics, opened, versions, deployment] = await Promise.all([
    requests.list(user.id, app.id, { ...filter, limit: 25 }),
    requests.metrics(user.id, app.id, span ?? "24h"),
    query.request === undefined ? null : requests.get(user.id, app.id, query.request).catch(() => null),
    deployments.listVersions(user.id, app.id, { limit: 10 }),
    app.lastDeployment && deployments.get(user.id, app.lastDeployment.id).catch(() => null),
  ]);
  // Not waited for: the figures of a large database must not hold the page. Its failure is shown in its place.
  const stats = app.database && databases.stats(user.id, app.database.id).catch(() => null);
  return { app, query, page, metrics, opened, versions: versions.items, deployment, stats };
});

const actionSchema = z.discriminatedUnion("intent", [
  z.object({ intent: z.enum(["wake", "sleep", "restart"]) }),
  z.object({ intent: z.literal("rollback"), version: z.coerce.number().int().min(1) }),
  z.object({ intent: z.literal("delete"), confirm: z.string().optional() }),
]);

export const action = formAction(async ({ request, params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const { apps, deployments } = context.get(servicesContext);
  const input = await readForm(request, actionSchema);
  if (input.intent === "rollback") await deployments.rollback(user, params.slug, input.version, "browser");
  else if (input.intent !== "delete") await deployments[input.intent](user.id, params.slug);
  else {
    const app = await apps.find(user.id, params.slug);
    if (input.confirm !== app.name)
      throw new AppError("validation_failed", "The name is not the same.", {
        problems: [{ path: "confirm", message: `Type ${app.name} to delete it.` }],
      });
    await apps.remove(user.id, params.slug);
    return redirect("/apps");
  }
  return { done: input.intent };
});

export default function Dashboard({ loaderData, actionData }: Route.ComponentProps) {
  const { app, query, page, metrics, opened, versions, deployment, stats } = loaderData;
  const problem = actionData && "problem" in actionData ? actionData.problem : undefined;
  useLiveUpdates(
    app.lastDeployment?.state === "running" ? app.lastDeployment.id : null,
    // Loading the page anew would take away what was just said of a failed action.
    query.request === undefined && query.cursor === undefined && problem === undefined,
  );
  return (
    <>
      <AppHeader app={app} deployment={deployment} problem={problem} />
      <div className="mt-6 grid gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-4">
          <MetricsCard metrics={metrics} query={query} versions={versions} />
          <RequestsCard slug={app.slug} url={app.url} deployed={app.liveVersion !== null} page={page} query={query} opened={opened} />
          <LogCard slug={app.slug} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <VersionsCard versions={versions} slug={app.slug} />
          <DatabaseCard database={app.database} stats={stats} slug={app.slug} />
          <DeleteCard name={app.name} problem={problem} />
        </div>
      </div>
    </>
  );
}
