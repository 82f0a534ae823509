/** The host on which the draft is tried: how it stands, and what the editor does with it. */
import { z } from "zod";
import type { DraftHost } from "#core/contract/draft.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/draft-host.ts";
import { readBody } from "./read-body.ts";

export const loader = route(async ({ params, context }: Route.LoaderArgs): Promise<DraftHost> => {
  const { user } = await requireUser(context);
  return await context.get(servicesContext).drafts.get(user.id, params.slug);
});

const bodySchema = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("run") }),
  z.object({ intent: z.literal("fill"), from: z.enum(["empty", "live"]) }),
  z.object({ intent: z.literal("cancel") }),
  z.object({ intent: z.literal("remove") }),
]);

export const action = route(async ({ request, params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const body = await readBody(request, bodySchema);
  const { drafts } = context.get(servicesContext);
  if (body.intent === "run") return await drafts.run(user, params.slug, { source: "browser" });
  if (body.intent === "fill") return await drafts.fillDatabase(user.id, params.slug, body.from);
  if (body.intent === "cancel") return await drafts.cancelCopy(user.id, params.slug);
  await drafts.remove(user.id, params.slug);
  return await drafts.get(user.id, params.slug);
});
