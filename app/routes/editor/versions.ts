/** The history of versions, and the way back to one of them. */
import { z } from "zod";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/versions.ts";
import { readBody } from "./read-body.ts";

export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  // The last 10 are kept and the live one always: 50 is all of them.
  const { items } = await context.get(servicesContext).deployments.listVersions(user.id, params.slug, { limit: 50 });
  return { versions: items };
});

export const action = route(async ({ request, params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const { version } = await readBody(request, z.object({ version: z.number().int().min(1) }));
  return await context.get(servicesContext).deployments.rollback(user, params.slug, version, "browser");
});
