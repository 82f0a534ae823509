/** One template: what it is, its files, and for whom it belongs to what can be done with it. Works without JavaScript. */
import { Form, redirect } from "react-router";
import { z } from "zod";
import { FileListing } from "#app/components/file-listing.tsx";
import { readForm } from "#app/components/form-input.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { parseTags } from "#app/components/tags.ts";
import { Button } from "#app/components/ui/button.tsx";
import { complexitySchema, tagSchema } from "#core/contract/template-view.ts";
import { templateLimits } from "#core/limits.ts";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/template.ts";
import { ChangeCards } from "./change-cards.tsx";
import { TemplateFacts } from "./facts.tsx";

export const meta: Route.MetaFunction = ({ loaderData }) => [{ title: `${loaderData?.template.name ?? "Template"} · FastAPI Platform` }];
export const handle: PageHandle = {
  crumbs: (_params, data) => [
    { label: "New app", to: "/apps/new" },
    { label: (data as Route.ComponentProps["loaderData"] | undefined)?.template.name ?? "Template" },
  ],
};

export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const caller = await requireUser(context);
  const { apps, templates } = context.get(servicesContext);
  const template = await templates.get(caller, params.id);
  const editable = !template.global || caller.scopes.has("admin");
  const { items } = editable ? await apps.list(caller.user.id, { limit: 200 }) : { items: [] };
  return { template, editable, apps: items.map(({ slug, name }) => ({ slug, name })) };
});

const actionSchema = z.discriminatedUnion("intent", [
  z.object({
    intent: z.literal("update"),
    name: z.string({ error: "Give it a name." }).trim().min(1, "Give it a name.").max(80, "Use at most 80 characters."),
    description: z.string().trim().max(500, "Use at most 500 characters.").default(""),
    complexity: complexitySchema,
    tags: z
      .string()
      .default("")
      .transform(parseTags)
      .pipe(z.array(tagSchema).max(templateLimits.tags, `Use at most ${templateLimits.tags} tags.`)),
    database: z.string().optional(),
  }),
  z.object({ intent: z.literal("replace"), app: z.string({ error: "Choose an app." }) }),
  z.object({ intent: z.enum(["hide", "unhide", "delete"]) }),
]);

export const action = formAction(async ({ request, params: { id }, context }: Route.ActionArgs) => {
  const caller = await requireUser(context);
  const { templates } = context.get(servicesContext);
  const input = await readForm(request, actionSchema);
  if (input.intent === "update") {
    const { intent: _, database, ...described } = input;
    await templates.update(caller, id, { ...described, database: database !== undefined });
  } else if (input.intent === "replace") await templates.update(caller, id, { app: input.app });
  else if (input.intent === "delete") {
    const { global } = await templates.get(caller, id);
    await templates.remove(caller, id);
    return redirect(`/apps/new?tab=${global ? "global" : "mine"}`);
  } else await templates.setHidden(caller, id, input.intent === "hide");
  return { done: input.intent };
});

export default function TemplatePage({ loaderData: { template, editable, apps }, actionData }: Route.ComponentProps) {
  const answered = actionData && "done" in actionData ? actionData.done : undefined;
  const problem = actionData && "problem" in actionData ? actionData.problem : undefined;
  return (
    <div className="mx-auto w-full max-w-5xl">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="grid min-w-0 gap-1.5">
          <h1 className="text-title wrap-anywhere">{template.name}</h1>
          {template.description !== "" && <p className="max-w-[72ch] wrap-anywhere text-muted-foreground">{template.description}</p>}
          <TemplateFacts template={template} />
          {template.tags.length > 0 && <p className="text-xs text-muted-foreground">{template.tags.map((tag) => `#${tag}`).join(" ")}</p>}
        </div>
        <Form method="post" action="/apps/new">
          <input type="hidden" name="name" value="" />
          <input type="hidden" name="suggested" value="" />
          <Button type="submit" name="use" value={template.id}>
            Use this template
          </Button>
        </Form>
      </div>
      <div className={editable ? "mt-6 grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]" : "mt-6"}>
        <section aria-label="Files" className="min-w-0">
          <FileListing files={template.files} entrypoint={template.entrypoint} />
        </section>
        {editable && <ChangeCards template={template} apps={apps} problem={problem} answered={answered} />}
      </div>
    </div>
  );
}
