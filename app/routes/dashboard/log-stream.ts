/** An app's last lines and then each new one, as server-sent events (`message`, a LogEntry each). */
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import { eventStream } from "#server/http/sse.ts";
import type { Route } from "./+types/log-stream.ts";
import { tailLines } from "./tail.ts";

export const loader = route(async ({ request, params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { apps, logs, stopping } = context.get(servicesContext);
  // Not theirs or not there: a 404 instead of a stream.
  const app = await apps.findHost(user.id, params.slug);
  const readLast = async () => (await logs.list(user.id, app.id, { tail: 500 })).items;
  return eventStream(
    request,
    (signal) => tailLines(readLast, logs.follow(user.id, app.id, signal)),
    (line) => ({ data: line }),
    stopping,
  );
});
