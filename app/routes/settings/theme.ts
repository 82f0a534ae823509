/** Keeps the chosen theme in a cookie. Forms without JavaScript say where to come back to. */
import { data, redirect } from "react-router";
import { z } from "zod";
import { readForm } from "#app/components/form-input.ts";
import { themeCookie, themes } from "#app/components/theme.ts";
import { route, safeNext } from "#server/http/route.ts";
import type { Route } from "./+types/theme.ts";

const schema = z.object({ theme: z.enum(themes), returnTo: z.string().optional() });

export const loader = () => redirect("/settings");

export const action = route(async ({ request }: Route.ActionArgs) => {
  const { theme, returnTo } = await readForm(request, schema);
  const headers = { "set-cookie": themeCookie(theme) };
  return returnTo === undefined ? data(null, { headers }) : redirect(safeNext(returnTo), { headers });
});
