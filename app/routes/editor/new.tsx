/** A new app: what to start from, and its name. Works without JavaScript. */
import { DatabaseIcon, FileCode2Icon, LoaderCircleIcon } from "lucide-react";
import { useState } from "react";
import { Form, Link, redirect, useNavigation } from "react-router";
import { createAppSchema } from "#core/contract/app.ts";
import { AppError } from "#core/contract/problem.ts";
import type { TemplateView } from "#core/contract/template-view.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/new.ts";

export const meta: Route.MetaFunction = () => [{ title: "New app · FastAPI Platform" }];
export const handle: PageHandle = { crumbs: () => [{ label: "Apps", to: "/apps" }, { label: "New app" }] };

export const loader = route(async ({ url, context }: Route.LoaderArgs) => {
  await requireUser(context);
  const templates = context.get(servicesContext).templates.list();
  const asked = url.searchParams.get("template");
  return { templates, picked: templates.some(({ id }) => id === asked) ? asked! : asked === "blank" ? "" : (templates[0]?.id ?? "") };
});

export const action = formAction(async ({ request, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const form = await request.formData();
  const chosen = form.get("template");
  const template = typeof chosen === "string" ? chosen : "";
  const parsed = createAppSchema.safeParse({ name: form.get("name") ?? "", ...(template === "" ? {} : { template }) });
  if (!parsed.success)
    throw new AppError("invalid_input", "Give the app a name of 1 to 80 characters.", {
      problems: [{ path: "name", message: "Give the app a name of 1 to 80 characters." }],
    });
  const app = await context.get(servicesContext).apps.create(user.id, parsed.data);
  throw redirect(`/apps/${app.slug}/edit`);
});

export default function NewAppPage({ loaderData, actionData }: Route.ComponentProps) {
  const { templates, picked } = loaderData;
  const [template, setTemplate] = useState(picked);
  const [name, setName] = useState<string | null>(null);
  const busy = useNavigation().state !== "idle";
  const suggested = templates.find(({ id }) => id === template)?.name ?? "My app";
  const problem = actionData?.problem;
  return (
    <div className="mx-auto w-full max-w-5xl">
      <h1 className="text-title">New app</h1>
      <p className="mt-1 text-muted-foreground">
        Pick what to start from, or{" "}
        <Link to="/apps/import" className="font-medium text-primary underline underline-offset-4">
          import a ZIP
        </Link>
        . Everything can be changed later.
      </p>
      <Form method="post" className="mt-6 grid gap-6">
        <fieldset>
          <legend className="sr-only">Start from</legend>
          <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            {templates.map((each) => (
              <Choice key={each.id} template={each} checked={template === each.id} onPick={() => setTemplate(each.id)} />
            ))}
            <Choice template={null} checked={template === ""} onPick={() => setTemplate("")} />
          </div>
        </fieldset>
        <div className="grid max-w-md gap-1.5">
          <label htmlFor="name" className="text-[13px] font-medium">
            Name
          </label>
          <Input
            id="name"
            name="name"
            required
            maxLength={80}
            autoComplete="off"
            value={name ?? suggested}
            onFocus={({ currentTarget }) => currentTarget.select()}
            onChange={({ target }) => setName(target.value)}
            aria-invalid={problem !== undefined}
            aria-describedby="name-hint name-error"
          />
          <p id="name-hint" className="text-xs text-muted-foreground">
            Its address is made from the name and stays when you rename the app.
          </p>
          <p id="name-error" role="alert" className="text-xs text-destructive empty:hidden">
            {problem?.detail}
          </p>
        </div>
        <Button type="submit" className="w-fit" disabled={busy}>
          {busy && <LoaderCircleIcon aria-hidden className="motion-safe:animate-spin" />}Create app
        </Button>
      </Form>
    </div>
  );
}

const frameworks: Readonly<Record<string, string>> = { fastapi: "FastAPI", fasthtml: "FastHTML", asgi: "ASGI" };

/** One template, or a blank start. */
function Choice({ template, checked, onPick }: { template: TemplateView | null; checked: boolean; onPick(): void }) {
  return (
    <label className="flex cursor-pointer gap-3 rounded-lg border bg-card p-4 transition-colors has-checked:border-primary has-checked:bg-primary/5 has-focus-visible:ring-2 has-focus-visible:ring-ring hover:border-input">
      <input
        type="radio"
        name="template"
        value={template?.id ?? ""}
        checked={checked}
        onChange={onPick}
        className="mt-1 size-4 shrink-0 accent-primary"
      />
      <span className="grid min-w-0 content-start gap-1">
        <span className="font-medium">{template?.name ?? "Start from scratch"}</span>
        <span className="text-[13px] text-muted-foreground">{template?.description ?? "One file, app.py, with a single route."}</span>
        <span className="flex flex-wrap items-center gap-x-3 text-xs text-muted-foreground">
          <span className="flex items-center gap-1">
            <FileCode2Icon aria-hidden className="size-3.5" />
            {frameworks[template?.framework ?? "fastapi"] ?? template?.framework}
          </span>
          {template?.database === true && (
            <span className="flex items-center gap-1">
              <DatabaseIcon aria-hidden className="size-3.5" />
              Database
            </span>
          )}
        </span>
      </span>
    </label>
  );
}
