import { redirect } from "react-router";
import { servicesContext } from "#server/http/context.ts";
import { route } from "#server/http/route.ts";
import type { Route } from "./+types/sign-out.ts";

export const loader = () => redirect("/");

export const action = route(async ({ request, context }: Route.ActionArgs) => {
  const { setCookies } = await context.get(servicesContext).accounts.signOut(request);
  return redirect("/sign-in", { headers: setCookies.map((cookie): [string, string] => ["set-cookie", cookie]) });
});
