/** What can be imported, what this person asked for beside it, and asking for more. */
import { z } from "zod";
import { importNameSchema } from "#core/contract/import-request.ts";
import { isStandardModule, standardLibrary } from "#core/python/index.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/packages.ts";
import { readBody } from "./read-body.ts";

export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { apps, importRequests, packages, settings } = context.get(servicesContext);
  await apps.find(user.id, params.slug);
  return {
    pythonVersion: packages.pythonVersion,
    builtIn: [...packages.list()],
    allowed: [...settings.imports()],
    // Those with an underscore are Python's own affair.
    standard: [...standardLibrary].filter((name) => isStandardModule(name) && !name.startsWith("_")),
    requests: await importRequests.listOf(user.id),
    isAdmin: user.role === "admin",
  };
});

export const action = route(async ({ request, params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const { import: name } = await readBody(request, z.object({ import: importNameSchema }));
  const { apps, importRequests } = context.get(servicesContext);
  const app = await apps.find(user.id, params.slug);
  return await importRequests.ask(user.id, { import: name, app: { id: app.id, name: app.name } });
});
