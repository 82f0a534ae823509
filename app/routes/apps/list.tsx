/** Home: a person's apps, what state they are in, and the next thing to do with each. */
import { ChevronLeftIcon, ChevronRightIcon, PlusIcon, SearchIcon, UploadIcon } from "lucide-react";
import { Suspense, useEffect, useRef } from "react";
import { Await, Form, Link, redirect, useNavigation, useSubmit } from "react-router";
import { z } from "zod";
import { readForm } from "#app/components/form-input.ts";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { plural } from "#app/components/ui/time-words.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/list.ts";
import { AppRow } from "./app-row.tsx";
import { DayLine } from "./day-line.tsx";
import { FirstApp } from "./first-app.tsx";
import { readListQuery, toListPath, type ListQuery } from "./list-query.ts";
import { StatusPills } from "./status-pills.tsx";

export const meta: Route.MetaFunction = () => [{ title: "Apps · FastAPI Platform" }];
export const handle: PageHandle = { crumbs: () => [{ label: "Apps" }] };

export const loader = route(async ({ url, context }: Route.LoaderArgs) => {
  const caller = await requireUser(context);
  const { user } = caller;
  const { apps, requests, templates } = context.get(servicesContext);
  const query = readListQuery(url.searchParams);
  const [page, counts] = await Promise.all([apps.list(user.id, { ...query, limit: 50 }), apps.counts(user.id)]);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const days = await requests.lastDay(page.items.map(({ id }) => id));
  // Not waited for: the figures of a hundred apps must not hold the list.
  const day = requests.lastDayOf(user.id).catch(() => null);
  return {
    page,
    days,
    day,
    counts,
    total,
    query,
    templates: total === 0 ? (await templates.list(caller, { tab: "global", limit: 3 })).items : [],
  };
});

const actionSchema = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("wake"), slug: z.string() }),
  z.object({ intent: z.literal("create"), name: z.string().trim().min(1).max(80), template: z.string().optional() }),
]);

export const action = route(async ({ request, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const { apps, deployments } = context.get(servicesContext);
  const input = await readForm(request, actionSchema);
  if (input.intent === "wake") {
    await deployments.wake(user.id, input.slug);
    return null;
  }
  const app = await apps.create(user.id, { name: input.name, ...(input.template === undefined ? {} : { template: input.template }) });
  return redirect(`/apps/${app.slug}/edit`);
});

export default function AppsList({ loaderData: { page, days, day, counts, total, query, templates } }: Route.ComponentProps) {
  if (total === 0) return <FirstApp templates={templates} />;
  const filtered = query.search !== undefined || query.status !== undefined;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <div className="flex items-baseline gap-4">
          <h1 className="text-title">Apps</h1>
          <Suspense fallback={null}>
            <Await resolve={day}>{(figures) => figures !== null && figures.requests > 0 && <DayLine day={figures} />}</Await>
          </Suspense>
        </div>
        <div className="flex gap-2">
          <Link to="/apps/import" className={buttonVariants({ variant: "outline" })}>
            <UploadIcon aria-hidden />
            Import
          </Link>
          <Link to="/apps/new" className={buttonVariants()}>
            <PlusIcon aria-hidden />
            New app
          </Link>
        </div>
      </div>
      <div className="mt-5 flex flex-wrap items-center gap-x-4 gap-y-3">
        <Search query={query} />
        <StatusPills counts={counts} total={total} query={query} />
      </div>
      <div className="mt-4 overflow-hidden rounded-xl border bg-card">
        {page.items.length > 0 ? (
          <ul aria-label="Apps" className="divide-y">
            {page.items.map((app) => (
              <AppRow key={app.id} app={app} day={days.get(app.id)} />
            ))}
          </ul>
        ) : (
          <EmptyState
            icon={<SearchIcon />}
            title="No app matches"
            action={
              <Link to="/apps" className={buttonVariants({ variant: "outline" })}>
                Show all {plural(total, "app")}
              </Link>
            }
          >
            {query.search !== undefined ? (
              <>
                Nothing is called “{query.search}”{query.status !== undefined && <> and is {query.status}</>}.
              </>
            ) : (
              <>None of your apps is {query.status} now.</>
            )}
          </EmptyState>
        )}
      </div>
      {(page.nextCursor !== null || query.cursor !== undefined) && (
        <nav aria-label="Pages" className="mt-4 flex items-center justify-between">
          {query.cursor === undefined ? (
            <span />
          ) : (
            <Link to={toListPath(query, { cursor: undefined })} className={buttonVariants({ variant: "outline", size: "sm" })}>
              <ChevronLeftIcon aria-hidden />
              First page
            </Link>
          )}
          {page.nextCursor === null ? (
            <span className="text-muted-foreground">{filtered ? "That was the last match." : "That was the last one."}</span>
          ) : (
            <Link to={toListPath(query, { cursor: page.nextCursor })} className={buttonVariants({ variant: "outline", size: "sm" })}>
              Next page
              <ChevronRightIcon aria-hidden />
            </Link>
          )}
        </nav>
      )}
    </>
  );
}

/** Searches as one types; without JavaScript on Enter. */
function Search({ query }: { query: ListQuery }) {
  const submit = useSubmit();
  const navigation = useNavigation();
  const input = useRef<HTMLInputElement>(null);
  const busy = navigation.state === "loading" && new URLSearchParams(navigation.location.search).has("search");
  const search = query.search ?? "";
  // A pill or the back button changed the address: the field follows, unless somebody is writing in it.
  useEffect(() => {
    if (input.current && document.activeElement !== input.current) input.current.value = search;
  }, [search]);
  return (
    <Form
      role="search"
      action="/apps"
      className="relative w-full sm:w-72"
      onChange={({ currentTarget }) => void submit(currentTarget, { replace: true })}
    >
      <SearchIcon
        aria-hidden
        className={`absolute top-2.5 left-3 size-4 text-muted-foreground ${busy ? "motion-safe:animate-pulse" : ""}`}
      />
      {query.status !== undefined && <input type="hidden" name="status" value={query.status} />}
      <Input
        ref={input}
        type="search"
        name="search"
        aria-label="Search apps"
        placeholder="Search by name or address"
        defaultValue={search}
        data-page-search=""
        className="pl-9"
      />
    </Form>
  );
}
