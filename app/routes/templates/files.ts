/** A template with its files, for the gallery's preview. */
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/files.ts";

export const loader = route(async ({ params, context }: Route.LoaderArgs) =>
  context.get(servicesContext).templates.get(await requireUser(context), params.id),
);
