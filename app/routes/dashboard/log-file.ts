/** The last lines of an app's log as a text file. */
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/log-file.ts";

export const loader = route(async ({ params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { apps, logs } = context.get(servicesContext);
  const app = await apps.findHost(user.id, params.slug);
  const { items } = await logs.list(user.id, app.id, { tail: 1_000 });
  const text = items.map(({ at, stream, text: line }) => `${at} ${stream} ${line}\n`).join("");
  return new Response(text, {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="${app.slug}.log"`,
      "cache-control": "no-store",
    },
  });
});
