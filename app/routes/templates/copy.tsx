/** An app that its owner shares: what it is, its files to read, and the way to a copy of one's own. */
import { DatabaseIcon, KeyRoundIcon } from "lucide-react";
import { Form, Link, redirect, useNavigation } from "react-router";
import { FileListing } from "#app/components/file-listing.tsx";
import { FormMessage } from "#app/components/form-message.tsx";
import type { PageHandle } from "#app/components/page-handle.ts";
import { Button, buttonVariants } from "#app/components/ui/button.tsx";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/copy.ts";

export const meta: Route.MetaFunction = ({ loaderData }) => [{ title: `${loaderData?.app.name ?? "Shared app"} · FastAPI Platform` }];
export const handle: PageHandle = {
  crumbs: (_params, data) => [
    { label: "Apps", to: "/apps" },
    { label: (data as Route.ComponentProps["loaderData"] | undefined)?.app.name ?? "Shared app" },
  ],
};

export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { accounts, apps } = context.get(servicesContext);
  const { ownerId, ...app } = await apps.getShared(params.slug);
  const names = await accounts.namesOf([ownerId]);
  return { app, owner: names.get(ownerId) ?? "a deleted account", own: ownerId === user.id };
});

export const action = formAction(async ({ params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const copy = await context.get(servicesContext).apps.clone(user.id, params.slug, {});
  throw redirect(`/apps/${copy.slug}/edit`);
});

export default function CopyPage({ loaderData: { app, owner, own }, actionData }: Route.ComponentProps) {
  const busy = useNavigation().state === "submitting";
  return (
    <div className="mx-auto grid w-full max-w-4xl grid-cols-1 gap-5">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="grid min-w-0 gap-1.5">
          <h1 className="text-title wrap-anywhere">{app.name}</h1>
          {app.description !== "" && <p className="max-w-[72ch] wrap-anywhere text-muted-foreground">{app.description}</p>}
          <p className="text-[13px] wrap-anywhere text-muted-foreground">
            {own ? "Shared by you. This is what others see." : `Shared by ${owner}.`}
          </p>
        </div>
        {own ? (
          <Link to={`/apps/${app.slug}/edit`} className={buttonVariants({ variant: "outline" })}>
            Open in the editor
          </Link>
        ) : (
          <Form method="post">
            <Button type="submit" aria-disabled={busy}>
              {busy ? "Copying…" : "Make my own copy"}
            </Button>
          </Form>
        )}
      </div>
      <FormMessage>{actionData?.problem.detail}</FormMessage>
      {(app.database || app.variables.length > 0) && (
        <ul className="grid gap-2 rounded-lg border bg-card px-4 py-3 text-[13px]">
          {app.database && (
            <li className="flex items-start gap-2">
              <DatabaseIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted-foreground" />
              It uses a database. A copy is bound to yours; nothing that is stored in this one comes along.
            </li>
          )}
          {app.variables.length > 0 && (
            <li className="flex items-start gap-2">
              <KeyRoundIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted-foreground" />
              <span className="min-w-0">
                You need to set{" "}
                {app.variables.map((name, index) => (
                  <span key={name}>
                    {index > 0 && ", "}
                    <code className="text-code break-all">{name}</code>
                  </span>
                ))}{" "}
                in the settings of your copy. Their values stay with {own ? "you" : owner}.
              </span>
            </li>
          )}
        </ul>
      )}
      <FileListing files={app.files} entrypoint={app.entrypoint} />
    </div>
  );
}
