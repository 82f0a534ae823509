/** Saves the draft. 409 `draft_changed` carries the draft that is there (`current`), so that the editor can show both. */
import { z } from "zod";
import { filesSchema } from "#core/contract/files.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/draft.ts";
import { readBody } from "./read-body.ts";

const bodySchema = z.object({ files: filesSchema, baseHash: z.string() });

export const action = route(async ({ request, params, context }: Route.ActionArgs) => {
  const { user } = await requireUser(context);
  const body = await readBody(request, bodySchema);
  return await context.get(servicesContext).apps.saveDraft(user.id, params.slug, body);
});
