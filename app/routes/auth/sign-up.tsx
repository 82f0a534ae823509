import { Form, Link, redirect, useLocation, useNavigation } from "react-router";
import { z } from "zod";
import { readForm } from "#app/components/form-input.ts";
import { FormMessage } from "#app/components/form-message.tsx";
import { sortProblems } from "#app/components/form-problems.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { servicesContext } from "#server/http/context.ts";
import { findUser, formAction, route, safeNext } from "#server/http/route.ts";
import type { Services } from "#server/services.ts";
import type { Route } from "./+types/sign-up.ts";

export const meta: Route.MetaFunction = () => [{ title: "Sign up · FastAPI Platform" }];

export const loader = route(async ({ url, context }: Route.LoaderArgs) => {
  if (await findUser(context)) throw redirect(safeNext(url.searchParams.get("next")));
  return await context.get(servicesContext).accounts.signUpState();
});

export const action = formAction(async ({ request, url, context }: Route.ActionArgs) => {
  const schema = z.object({
    name: z
      .string({ error: "Enter the name that others see." })
      .trim()
      .min(1, "Enter the name that others see.")
      .max(80, "Use at most 80 characters."),
    email: z.email({ error: "Enter an e-mail address, such as ada@example.org." }),
    password: z.string({ error: "Choose a password." }).min(8, "Use at least 8 characters.").max(256, "Use at most 256 characters."),
    setupCode: z.string().trim().optional(),
  });
  const services = context.get(servicesContext);
  const { user, setCookies } = await services.accounts.signUp(await readForm(request, schema), request);
  const next = url.searchParams.get("next");
  // Who came for something, such as a shared app, goes on to it.
  return redirect(next === null ? await firstPage(services, user.id) : safeNext(next), {
    headers: setCookies.map((cookie): [string, string] => ["set-cookie", cookie]),
  });
});

/** A new account lands in the editor with a small app that one key press makes live. */
async function firstPage({ apps, templates }: Services, userId: string): Promise<string> {
  const listed = await templates.list({ user: { id: userId }, scopes: new Set() }, { tab: "global", limit: 50 });
  const hello = listed.items.find(({ id }) => id.startsWith("hello"));
  const { items } = await apps.list(userId, { limit: 1 });
  if (!hello || items.length > 0) return "/apps";
  const app = await apps.create(userId, { name: "Hello", template: hello.id });
  return `/apps/${app.slug}/edit`;
}

export default function SignUp({ loaderData: { open, first, setupCodeRequired }, actionData }: Route.ComponentProps) {
  const { fields, message } = sortProblems(actionData && "problem" in actionData ? actionData.problem : undefined, [
    "name",
    "email",
    "password",
    "setupCode",
  ]);
  const busy = useNavigation().formAction?.startsWith("/sign-up") ?? false;
  const { search } = useLocation();
  if (!open) return <Closed />;
  return (
    <>
      <h1 className="text-title">{first ? "Make the first account" : "Sign up"}</h1>
      <p className="mt-1 text-muted-foreground">
        {first ? "It will be the administrator of this installation." : "You land in the editor with a small app, ready to deploy."}
      </p>
      <Form method="post" className="mt-6 flex flex-col gap-4" noValidate>
        <FormMessage>{message}</FormMessage>
        <Field label="Name" error={fields["name"]}>
          {(control) => <Input {...control} name="name" autoComplete="name" autoFocus />}
        </Field>
        <Field label="E-mail" error={fields["email"]}>
          {(control) => <Input {...control} name="email" type="email" autoComplete="email" />}
        </Field>
        <Field label="Password" hint="At least 8 characters." error={fields["password"]}>
          {(control) => <Input {...control} name="password" type="password" autoComplete="new-password" />}
        </Field>
        {setupCodeRequired && (
          <Field
            label="Setup code"
            hint="This installation can be reached by others, so the first account needs the code that the platform wrote to its log at start."
            error={fields["setupCode"]}
          >
            {(control) => <Input {...control} name="setupCode" autoComplete="one-time-code" spellCheck={false} className="text-code" />}
          </Field>
        )}
        <Button type="submit" aria-disabled={busy} className="mt-1">
          {busy ? "Making your account…" : "Sign up"}
        </Button>
      </Form>
      {!first && (
        <p className="mt-6 text-muted-foreground">
          Have an account?{" "}
          <Link to={`/sign-in${search}`} className="font-medium text-primary underline underline-offset-4">
            Sign in
          </Link>
        </p>
      )}
    </>
  );
}

function Closed() {
  return (
    <>
      <h1 className="text-title">Sign-up is closed</h1>
      <p className="mt-1 text-muted-foreground">
        The administrator of this installation makes the accounts. Ask them for one, then sign in here.
      </p>
      <Button nativeButton={false} render={<Link to="/sign-in" />} className="mt-6 w-full">
        Sign in
      </Button>
    </>
  );
}
