/** The names of a person's apps, for the command palette. */
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/palette.ts";

export const loader = route(async ({ context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { items } = await context.get(servicesContext).apps.list(user.id, { limit: 200 });
  return { apps: items.map(({ slug, name, url }) => ({ slug, name, url })) };
});
