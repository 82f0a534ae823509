/** `/apps/:slug/draft?path=/x`: leads the app's owner to a page of the draft, in a tab of its own or in the editor's preview. */
import { redirect } from "react-router";
import { draftPathSchema } from "#core/contract/draft.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/draft-link.ts";

export const loader = route(async ({ params, url, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const path = draftPathSchema.safeParse(url.searchParams.get("path") ?? "/");
  const link = await context.get(servicesContext).drafts.link(user.id, params.slug, path.data ?? "/");
  return redirect(link.url, { headers: { "cache-control": "no-store" } });
});
