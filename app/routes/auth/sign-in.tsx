import { Form, Link, redirect, useNavigation, useSearchParams } from "react-router";
import { z } from "zod";
import { readForm } from "#app/components/form-input.ts";
import { FormMessage } from "#app/components/form-message.tsx";
import { sortProblems } from "#app/components/form-problems.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { servicesContext } from "#server/http/context.ts";
import { findUser, formAction, route, safeNext } from "#server/http/route.ts";
import type { Route } from "./+types/sign-in.ts";

export const meta: Route.MetaFunction = () => [{ title: "Sign in · FastAPI Platform" }];

export const loader = route(async ({ url, context }: Route.LoaderArgs) => {
  if (await findUser(context)) throw redirect(safeNext(url.searchParams.get("next")));
  const { open } = await context.get(servicesContext).accounts.signUpState();
  return { open };
});

export const action = formAction(async ({ request, url, context }: Route.ActionArgs) => {
  const schema = z.object({
    email: z.string({ error: "Enter your e-mail address." }),
    password: z.string({ error: "Enter your password." }),
  });
  const { setCookies } = await context.get(servicesContext).accounts.signIn(await readForm(request, schema), request);
  return redirect(safeNext(url.searchParams.get("next")), {
    headers: setCookies.map((cookie): [string, string] => ["set-cookie", cookie]),
  });
});

export default function SignIn({ loaderData, actionData }: Route.ComponentProps) {
  const { fields, message } = sortProblems(actionData && "problem" in actionData ? actionData.problem : undefined, ["email", "password"]);
  const busy = useNavigation().formAction?.startsWith("/sign-in") ?? false;
  const [search] = useSearchParams();
  const next = search.get("next");
  return (
    <>
      <h1 className="text-title">Sign in</h1>
      {next !== null && <p className="mt-1 text-muted-foreground">You come back to where you were going.</p>}
      <Form method="post" className="mt-6 flex flex-col gap-4" noValidate>
        <FormMessage>{message}</FormMessage>
        <Field label="E-mail" error={fields["email"]}>
          {(control) => <Input {...control} name="email" type="email" autoComplete="email" autoFocus />}
        </Field>
        <Field label="Password" error={fields["password"]}>
          {(control) => <Input {...control} name="password" type="password" autoComplete="current-password" />}
        </Field>
        <Button type="submit" aria-disabled={busy} className="mt-1">
          {busy ? "Signing in…" : "Sign in"}
        </Button>
      </Form>
      {loaderData.open && (
        <p className="mt-6 text-muted-foreground">
          No account yet?{" "}
          <Link
            to={next === null ? "/sign-up" : `/sign-up?next=${encodeURIComponent(next)}`}
            className="font-medium text-primary underline underline-offset-4"
          >
            Sign up
          </Link>
        </p>
      )}
    </>
  );
}
