/** A deployment's events as they happen, then the deployment itself with its outcome, as server-sent events `step` and `outcome`. */
import type { Deployment, DeployEvent } from "#core/contract/deployment.ts";
import { servicesContext } from "#server/http/context.ts";
import { requireUser, route } from "#server/http/route.ts";
import { eventStream } from "#server/http/sse.ts";
import type { Route } from "./+types/deployment-stream.ts";

type Item = { event: "step"; data: DeployEvent } | { event: "outcome"; data: Deployment };

export const loader = route(async ({ request, params, context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { deployments, stopping } = context.get(servicesContext);
  // Not theirs or not there: a 404 instead of a stream.
  await deployments.get(user.id, params.id);
  async function* items(signal: AbortSignal): AsyncGenerator<Item> {
    for await (const data of deployments.events(user.id, params.id, signal)) yield { event: "step", data };
    if (!signal.aborted) yield { event: "outcome", data: await deployments.get(user.id, params.id) };
  }
  return eventStream(request, items, (item) => item, stopping);
});
