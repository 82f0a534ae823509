/**
 * What the settings drawer changes: description, sleep time, database, variables. A live app gets new variables and another
 * database by being rolled; the answer says by which deployment.
 */
import { z } from "zod";
import { envVarSchema, updateAppSchema } from "#core/contract/app.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/settings.ts";
import { readBody } from "./read-body.ts";

/** The variables of an app, or of its draft's host. */
export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  return { env: await context.get(servicesContext).apps.listEnv(user.id, params.slug) };
});

const bodySchema = z.object({ app: updateAppSchema.optional(), env: z.array(envVarSchema).max(100).optional() });

export const action = route(async ({ request, params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const body = await readBody(request, bodySchema);
  const { apps, databases, deployments } = context.get(servicesContext);
  // "default" asks for the user's own database, which is made when it is bound for the first time.
  const database = body.app?.database === "default" ? (await databases.ensureDefault(user.id)).id : body.app?.database;
  if (body.app) await apps.update(user.id, params.slug, { ...body.app, ...(database === undefined ? {} : { database }) });
  if (body.env) await apps.replaceEnv(user.id, params.slug, body.env);
  if (body.env === undefined && database === undefined) return { deploymentId: null };
  const message = body.env === undefined ? "Database changed" : "Variables changed";
  return await deployments.redeployLive(user, params.slug, "browser", message);
});
