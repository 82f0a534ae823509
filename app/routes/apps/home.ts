/** The front door: to the apps, to sign-in, or, where nobody has an account yet, to making the first one. */
import { redirect } from "react-router";
import { servicesContext } from "#server/http/context.ts";
import { findUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/home.ts";

export const loader = route(async ({ context }: Route.LoaderArgs) => {
  if (await findUser(context)) throw redirect("/apps");
  const { first } = await context.get(servicesContext).accounts.signUpState();
  throw redirect(first ? "/sign-up" : "/sign-in");
});
