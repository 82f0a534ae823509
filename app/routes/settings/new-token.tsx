import { Form, useNavigation } from "react-router";
import { FormMessage } from "#app/components/form-message.tsx";
import type { FormProblems } from "#app/components/form-problems.ts";
import { Button } from "#app/components/ui/button.tsx";
import { CopyButton } from "#app/components/ui/copy-button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { NativeSelect } from "#app/components/ui/native-select.tsx";
import type { Scope } from "#core/contract/account.ts";

const scopeWords: Record<Scope, string> = {
  read: "See apps, requests, logs",
  run: "Call and test apps, check code",
  change: "Save, deploy, delete",
  admin: "Administer the installation",
};

export interface NewTokenProps {
  /** The one that was just made: its secret is shown this once. */
  created: { name: string; token: string } | null;
  problems: FormProblems;
  publicUrl: string;
  admin: boolean;
}

export function NewToken({ created, problems, publicUrl, admin }: NewTokenProps) {
  const busy = useNavigation().formData?.get("intent") === "create";
  const scopes = (Object.keys(scopeWords) as Scope[]).filter((scope) => scope !== "admin" || admin);
  return (
    <div className="border-t px-4 py-4">
      {created && <Created created={created} publicUrl={publicUrl} />}
      <Form method="post" preventScrollReset className="flex flex-col gap-4" noValidate>
        <FormMessage>{problems.message}</FormMessage>
        <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_12rem]">
          <Field label="Name" error={problems.fields["name"]}>
            {(control) => <Input {...control} name="name" placeholder="laptop, CI…" maxLength={80} autoComplete="off" />}
          </Field>
          <Field label="Expires" error={problems.fields["expiresInDays"]}>
            {(control) => (
              <NativeSelect {...control} name="expiresInDays" defaultValue="90">
                <option value="30">In 30 days</option>
                <option value="90">In 90 days</option>
                <option value="365">In a year</option>
                <option value="">Never</option>
              </NativeSelect>
            )}
          </Field>
        </div>
        <fieldset>
          <legend className="mb-1.5 font-medium">What it may do</legend>
          <div className="grid gap-x-6 gap-y-1 sm:grid-cols-2">
            {scopes.map((scope) => (
              <label key={scope} className="flex min-h-8 items-center gap-2.5">
                <input
                  type="checkbox"
                  name="scopes"
                  value={scope}
                  defaultChecked={scope !== "admin"}
                  className="size-4 shrink-0 accent-primary"
                />
                <span>
                  <span className="text-code">{scope}</span> <span className="text-muted-foreground">{scopeWords[scope]}</span>
                </span>
              </label>
            ))}
          </div>
          {problems.fields["scopes"] !== undefined && (
            <p role="alert" className="mt-1 text-[13px] text-destructive">
              {problems.fields["scopes"]}
            </p>
          )}
        </fieldset>
        <Button type="submit" name="intent" value="create" className="w-fit" aria-disabled={busy}>
          {busy ? "Making it…" : "Create token"}
        </Button>
      </Form>
    </div>
  );
}

function Created({ created, publicUrl }: { created: { name: string; token: string }; publicUrl: string }) {
  return (
    <div role="status" className="mb-5 rounded-lg border border-running/30 bg-running/8 px-4 py-3">
      <p className="font-medium">The token “{created.name}” is made. Copy it now: it is not shown again.</p>
      <div className="mt-2 flex items-center gap-2">
        <code className="text-code min-w-0 break-all select-all">{created.token}</code>
        <CopyButton value={created.token} label="Copy token" />
      </div>
      <p className="mt-2 text-[13px] text-muted-foreground">
        Try it:{" "}
        <code className="text-code break-all select-all">
          curl -H "Authorization: Bearer {created.token}" {publicUrl}/api/me
        </code>
      </p>
    </div>
  );
}
