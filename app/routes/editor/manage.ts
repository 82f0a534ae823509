/** What the editor's menu does with the whole app: clone, save as a template, and delete. */
import { z } from "zod";
import { createTemplateSchema } from "#core/contract/template-view.ts";
import { AppError } from "#core/contract/problem.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/manage.ts";
import { checkInput, readBody } from "./read-body.ts";

const bodySchema = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("clone"), name: z.string().trim().min(1).max(80) }),
  z.object({ intent: z.literal("template"), template: z.unknown() }),
  z.object({ intent: z.literal("delete"), confirm: z.string() }),
]);

export const action = route(async ({ request, params, context }: Route.ActionArgs) => {
  const caller = await requireUser(context);
  const { user } = caller;
  const body = await readBody(request, bodySchema);
  const { apps, templates } = context.get(servicesContext);
  if (body.intent === "clone") return { slug: (await apps.clone(user.id, params.slug, { name: body.name, from: "draft" })).slug };
  if (body.intent === "template") {
    const input = checkInput({ ...(body.template as object), app: params.slug }, createTemplateSchema);
    return { template: (await templates.create(caller, input)).id };
  }
  const app = await apps.find(user.id, params.slug);
  if (body.confirm !== app.name) throw new AppError("invalid_input", `Type the app's name, ${app.name}, to delete it.`);
  await apps.remove(user.id, params.slug);
  return { slug: null };
});
