/** Begins a deployment of the saved draft. The editor saves first: only a save can tell that another tab was there. */
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/deploy.ts";

export const action = route(async ({ params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  return await context.get(servicesContext).deployments.start(user, params.slug, { source: "browser" });
});
