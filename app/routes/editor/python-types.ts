/** The types of the packages that apps import, for the editor's language server. Its name is its content, so it is kept for a year. */
import { AppError } from "#core/contract/problem.ts";
import { servicesContext } from "#server/http/context.ts";
import { findUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/python-types.ts";

export const loader = route(async ({ params, request, context }: Route.LoaderArgs) => {
  // Not the redirect to sign in: who asks is a worker, which would read the page as JSON.
  if ((await findUser(context)) === null) throw new AppError("unauthenticated", "Sign in to read the types of packages.");
  const accepted = request.headers.get("accept-encoding") ?? "";
  const encoding = /\bbr\b/.test(accepted) ? "br" : "gzip";
  const bytes = await context.get(servicesContext).packages.readTypes(params.name, encoding);
  return new Response(bytes, {
    headers: {
      "content-type": "application/json",
      "content-encoding": encoding,
      "cache-control": "private, max-age=31536000, immutable",
      vary: "accept-encoding",
    },
  });
});
