/** A person's own things: who they are, their API tokens, how the pages look. */
import { Form, useNavigation } from "react-router";
import { z } from "zod";
import { readForm } from "#app/components/form-input.ts";
import { sortProblems } from "#app/components/form-problems.ts";
import type { PageHandle } from "#app/components/page-handle.ts";
import { themes, type Theme } from "#app/components/theme.ts";
import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { useViewer } from "#app/components/viewer.ts";
import { scopeSchema } from "#core/contract/account.ts";
import { importNameSchema } from "#core/contract/import-request.ts";
import { servicesContext } from "#server/http/context.ts";
import { formAction, requireAdmin, requireUser, route } from "#server/http/route.ts";
import type { Route } from "./+types/settings.ts";
import { AskedImports } from "./asked-imports.tsx";
import { NewToken } from "./new-token.tsx";
import { TokenList } from "./token-list.tsx";

export const meta: Route.MetaFunction = () => [{ title: "Settings · FastAPI Platform" }];
export const handle: PageHandle = { crumbs: () => [{ label: "Settings" }] };

export const loader = route(async ({ context }: Route.LoaderArgs) => {
  const { user } = await requireUser(context);
  const { accounts, config, importRequests, settings } = context.get(servicesContext);
  const [tokens, asked] = await Promise.all([
    accounts.listTokens(user.id),
    user.role === "admin" ? importRequests.listOpen({ limit: 100 }) : null,
  ]);
  const imports = asked && { asked: asked.items, more: asked.nextCursor !== null, allowed: [...settings.imports()] };
  return { user, tokens, publicUrl: config.publicUrl, imports };
});

const scopesField = z.union([scopeSchema.transform((scope) => [scope]), z.array(scopeSchema)], { error: "Choose at least one." });
const actionSchema = z.discriminatedUnion("intent", [
  z.object({
    intent: z.literal("create"),
    name: z.string({ error: "Name what will use it." }).trim().min(1, "Name what will use it.").max(80, "Use at most 80 characters."),
    scopes: scopesField,
    expiresInDays: z.coerce.number().int().min(1).max(3650).optional(),
  }),
  z.object({ intent: z.literal("delete"), token: z.string() }),
  z.object({ intent: z.enum(["allow", "decline", "disallow"]), import: importNameSchema }),
]);

export const action = formAction(async ({ request, context }: Route.ActionArgs) => {
  const caller = await requireUser(context);
  const { accounts, importRequests, settings } = context.get(servicesContext);
  const input = await readForm(request, actionSchema);
  if ("import" in input) {
    const { user } = await requireAdmin(context);
    if (input.intent === "disallow") await settings.putImports(settings.imports().filter((name) => name !== input.import));
    else await importRequests.decide(user.id, input.import, input.intent);
    return { created: null };
  }
  if (input.intent === "delete") {
    await accounts.deleteToken(caller.user.id, input.token);
    return { created: null };
  }
  const { name, scopes, expiresInDays } = input;
  return { created: await accounts.createToken(caller, { name, scopes, ...(expiresInDays === undefined ? {} : { expiresInDays }) }) };
});

export default function Settings({ loaderData: { user, tokens, publicUrl, imports }, actionData }: Route.ComponentProps) {
  const refused = actionData && "problem" in actionData ? actionData.problem : undefined;
  // Only a decision on an import meets something that is not there.
  const refusedImport = refused?.code === "not_found" ? refused.detail : undefined;
  const problems = sortProblems(refusedImport === undefined ? refused : undefined, ["name", "scopes", "expiresInDays"]);
  const created = actionData && "created" in actionData ? actionData.created : null;
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4">
      <h1 className="text-title mb-2">Settings</h1>
      <Card aria-labelledby="profile-title">
        <CardHeader>
          <CardTitle id="profile-title">Profile</CardTitle>
          {user.role === "admin" && <Badge variant="primary">Admin</Badge>}
        </CardHeader>
        <CardContent>
          <dl className="grid gap-4 sm:grid-cols-2">
            <div className="min-w-0">
              <dt className="text-[13px] text-muted-foreground">Name</dt>
              <dd className="break-words">{user.name}</dd>
            </div>
            <div className="min-w-0">
              <dt className="text-[13px] text-muted-foreground">E-mail</dt>
              <dd className="break-all">{user.email}</dd>
            </div>
          </dl>
        </CardContent>
      </Card>
      <ThemeCard />
      {imports && <AskedImports {...imports} problem={refusedImport} />}
      <Card aria-labelledby="tokens-title">
        <CardHeader className="flex-col items-start gap-0.5 pt-3.5">
          <CardTitle id="tokens-title">API tokens</CardTitle>
          <CardDescription>
            For scripts, CI and the command line. Sent as <code className="text-code">Authorization: Bearer …</code>
          </CardDescription>
        </CardHeader>
        <TokenList tokens={tokens} />
        <NewToken key={tokens.length} created={created} problems={problems} publicUrl={publicUrl} admin={user.role === "admin"} />
      </Card>
    </div>
  );
}

const themeWords: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

function ThemeCard() {
  const current = useViewer()?.theme ?? "system";
  const chosen = useNavigation().formData?.get("theme") ?? current;
  return (
    <Card aria-labelledby="theme-title">
      <CardHeader>
        <CardTitle id="theme-title">Theme</CardTitle>
        <Form method="post" action="/theme" className="flex gap-1 rounded-lg bg-muted p-1">
          <input type="hidden" name="returnTo" value="/settings" />
          {themes.map((theme) => (
            <Button
              key={theme}
              type="submit"
              name="theme"
              value={theme}
              size="sm"
              variant={chosen === theme ? "outline" : "ghost"}
              aria-pressed={chosen === theme}
            >
              {themeWords[theme]}
            </Button>
          ))}
        </Form>
      </CardHeader>
    </Card>
  );
}
