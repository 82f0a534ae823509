/** A new app: what to start from, and its name. The gallery of templates. Works without JavaScript. */
import { LayoutTemplateIcon, LoaderCircleIcon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Form, Link, redirect, useNavigation } from "react-router";
import { createAppSchema } from "#core/contract/app.ts";
import { AppError } from "#core/contract/problem.ts";
import type { TemplateDetail, TemplateView } from "#core/contract/template-view.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { Button, buttonVariants } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { GalleryFilters } from "#app/routes/templates/gallery-filters.tsx";
import { isFiltered, readGalleryQuery, toGalleryPath, type GalleryQuery } from "#app/routes/templates/gallery-query.ts";
import type { Previewed } from "#app/routes/templates/preview-dialog.tsx";
import { ScratchCard, TemplateCard } from "#app/routes/templates/template-card.tsx";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/new.ts";
import { call, wordsOf } from "./call.ts";

const PreviewDialog = lazy(() => import("#app/routes/templates/preview-dialog.tsx").then((module) => ({ default: module.PreviewDialog })));

export const meta: Route.MetaFunction = () => [{ title: "New app · FastAPI Platform" }];
export const handle: PageHandle = { crumbs: () => [{ label: "Apps", to: "/apps" }, { label: "New app" }] };

export const loader = route(async ({ url, context }: Route.LoaderArgs) => {
  const caller = await requireUser(context);
  const query = readGalleryQuery(url.searchParams);
  const { items: templates, nextCursor } = await context.get(servicesContext).templates.list(caller, { ...query, limit: 30 });
  const asked = url.searchParams.get("template");
  const picked = templates.some(({ id }) => id === asked) ? asked! : asked === "blank" ? "" : (templates[0]?.id ?? "");
  return { templates, nextCursor, query, picked, admin: caller.scopes.has("admin") };
});

const nameRule = "Give the app a name of 1 to 80 characters.";

export const action = formAction(async ({ request, context }: Route.ActionArgs) => {
  const caller = await requireUser(context);
  const { apps, templates } = context.get(servicesContext);
  const form = await request.formData();
  const text = (field: string) => (typeof form.get(field) === "string" ? (form.get(field) as string) : "");
  const template = text("use") || text("template");
  // A name that nobody touched is that of the template picked before: what is used at once is called by its own.
  const untouched = text("use") !== "" && text("name") === text("suggested");
  const name = untouched ? (await templates.get(caller, template)).name : text("name");
  const parsed = createAppSchema.safeParse({ name, ...(template === "" ? {} : { template }) });
  if (!parsed.success) throw new AppError("invalid_input", nameRule, { problems: [{ path: "name", message: nameRule }] });
  const app = await apps.create(caller.user.id, parsed.data, caller.scopes);
  throw redirect(`/apps/${app.slug}/edit`);
});

export default function NewAppPage({ loaderData, actionData }: Route.ComponentProps) {
  const { templates, nextCursor, query, picked, admin } = loaderData;
  const [chosen, setChosen] = useState(picked);
  const [preview, setPreview] = useState<Previewed | null>(null);
  // Another tab or search may have taken away what was picked.
  const template = chosen === "" || templates.some(({ id }) => id === chosen) ? chosen : picked;
  const scratch = query.tab === "all" && !isFiltered(query) && query.cursor === undefined;
  const show = async (shown: TemplateView) => {
    setPreview({ template: shown, detail: null, failure: null });
    const answer = await call<TemplateDetail>(`/templates/${shown.id}/files`);
    setPreview((now) =>
      now?.template.id !== shown.id
        ? now
        : { template: shown, detail: answer.ok ? answer.value : null, failure: answer.ok ? null : wordsOf(answer.problem) },
    );
  };
  return (
    <div className="mx-auto w-full max-w-5xl">
      <h1 className="text-title">New app</h1>
      <p className="mt-1 mb-5 text-muted-foreground">
        Pick what to start from, or{" "}
        <Link to="/apps/import" className="font-medium text-primary underline underline-offset-4">
          import a ZIP
        </Link>
        . Everything can be changed later.
      </p>
      <GalleryFilters query={query} />
      <Form id="new-app" method="post" className="mt-2">
        {templates.length === 0 && !scratch ? (
          <NoTemplates query={query} />
        ) : (
          <>
            <NameBar suggested={templates.find(({ id }) => id === template)?.name ?? "My app"} problem={actionData?.problem.detail} />
            <fieldset className="mt-4">
              <legend className="sr-only">Start from</legend>
              <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
                {templates.map((each) => (
                  <TemplateCard
                    key={each.id}
                    template={each}
                    checked={template === each.id}
                    editable={!each.global || admin}
                    query={query}
                    onPick={() => setChosen(each.id)}
                    onPreview={() => void show(each)}
                  />
                ))}
                {scratch && <ScratchCard checked={template === ""} onPick={() => setChosen("")} />}
              </div>
            </fieldset>
            <Pages query={query} nextCursor={nextCursor} />
          </>
        )}
      </Form>
      {preview !== null && (
        <Suspense fallback={null}>
          <PreviewDialog previewed={preview} form="new-app" onClose={() => setPreview(null)} />
        </Suspense>
      )}
    </div>
  );
}

/**
 * The name and the button, in sight however long the gallery is. Before the choices, so that Enter on one of them presses this button
 * and not that of a card.
 */
function NameBar({ suggested, problem }: { suggested: string; problem: string | undefined }) {
  const [name, setName] = useState<string | null>(null);
  const busy = useNavigation().state === "submitting";
  return (
    <div className="sticky top-12 z-10 grid gap-1 border-b bg-background py-3">
      <input type="hidden" name="suggested" value={suggested} />
      <div className="flex items-center gap-2">
        <label htmlFor="name" className="text-[13px] font-medium">
          Name
        </label>
        <Input
          id="name"
          name="name"
          required
          maxLength={80}
          autoComplete="off"
          className="max-w-sm"
          value={name ?? suggested}
          onFocus={({ currentTarget }) => currentTarget.select()}
          onChange={({ target }) => setName(target.value)}
          aria-invalid={problem !== undefined}
          aria-describedby="name-hint name-error"
        />
        <Button type="submit" className="w-fit" disabled={busy}>
          {busy && <LoaderCircleIcon aria-hidden className="motion-safe:animate-spin" />}Create app
        </Button>
      </div>
      <p id="name-hint" className="text-xs text-muted-foreground">
        Its address is made from the name and stays when you rename the app.
      </p>
      <p id="name-error" role="alert" className="text-xs text-destructive empty:hidden">
        {problem}
      </p>
    </div>
  );
}

function Pages({ query, nextCursor }: { query: GalleryQuery; nextCursor: string | null }) {
  if (nextCursor === null && query.cursor === undefined) return null;
  const link = buttonVariants({ variant: "outline", size: "sm" });
  return (
    <nav aria-label="Pages" className="mt-4 flex justify-between">
      {query.cursor === undefined ? (
        <span />
      ) : (
        <Link to={toGalleryPath(query)} className={link}>
          First page
        </Link>
      )}
      {nextCursor !== null && (
        <Link to={toGalleryPath(query, { cursor: nextCursor })} className={link}>
          Next page
        </Link>
      )}
    </nav>
  );
}

function NoTemplates({ query }: { query: GalleryQuery }) {
  const filtered = isFiltered(query) || query.cursor !== undefined;
  const all = filtered ? toGalleryPath(query, { search: undefined, complexity: undefined, tag: undefined }) : "/apps/new";
  return (
    <div className="rounded-xl border bg-card">
      <EmptyState
        icon={<LayoutTemplateIcon />}
        title={filtered ? "No template matches" : query.tab === "mine" ? "No templates of your own yet" : "No templates here"}
        action={
          <Link to={all} className={buttonVariants({ variant: "outline" })}>
            {filtered ? "Show all of them" : "Show all templates"}
          </Link>
        }
      >
        {filtered
          ? "Try another word, level or tag."
          : query.tab === "mine" && "In the editor of any app, More and Save as template makes one of its files. Only you see it."}
      </EmptyState>
    </div>
  );
}
