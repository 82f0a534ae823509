/** One version with its files, to compare with the draft. */
import { AppError } from "#core/contract/problem.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/version.ts";

export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const number = Number(params.number);
  if (!Number.isSafeInteger(number) || number < 1) throw new AppError("not_found", "There is no such version.");
  return await context.get(servicesContext).deployments.getVersion(user.id, params.slug, number);
});
