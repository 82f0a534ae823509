import { EyeIcon, EyeOffIcon } from "lucide-react";
import { Form, useNavigation } from "react-router";
import type { TemplateDetail } from "#core/contract/template-view.ts";
import type { Problem } from "#core/contract/problem.ts";
import { FormMessage } from "#app/components/form-message.tsx";
import { sortProblems } from "#app/components/form-problems.ts";
import { TemplateFields } from "#app/components/template-fields.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { cn } from "#app/components/ui/cn.ts";
import { Field } from "#app/components/ui/field.tsx";
import { NativeSelect } from "#app/components/ui/native-select.tsx";

export type Changed = "update" | "replace" | "hide" | "unhide" | "delete";

const doneWords: Partial<Record<Changed, string>> = {
  update: "Saved.",
  replace: "Its files are now those of the draft.",
  hide: "Hidden.",
  unhide: "Shown again.",
};

interface ChangeCardsProps {
  template: TemplateDetail;
  apps: readonly { slug: string; name: string }[];
  problem: Problem | undefined;
  answered: Changed | undefined;
}

/** What can be done with a template by whom it belongs to: describe it, replace its files, hide it, delete it. */
export function ChangeCards({ template, apps, problem, answered }: ChangeCardsProps) {
  const { fields, message } = sortProblems(problem, ["name", "description", "complexity", "tags"]);
  const busy = useNavigation().formData?.get("intent");
  return (
    <div className="grid min-w-0 grid-cols-1 gap-4">
      <FormMessage>{message}</FormMessage>
      <p role="status" className="rounded-md bg-running/12 px-3 py-2 text-sm text-running empty:hidden">
        {answered && doneWords[answered]}
      </p>
      <Card aria-labelledby="details-title">
        <CardHeader>
          <CardTitle id="details-title">Details</CardTitle>
        </CardHeader>
        <CardContent>
          {/* Made anew with what was saved. */}
          <Form key={template.updatedAt} method="post" preventScrollReset className="grid grid-cols-1 gap-4">
            <TemplateFields {...template} problems={fields} />
            <label className="flex items-center gap-2 text-sm">
              <input type="checkbox" name="database" value="yes" defaultChecked={template.database} className="size-4 accent-primary" />
              It needs a database
            </label>
            <Button type="submit" name="intent" value="update" aria-disabled={busy === "update"}>
              {busy === "update" ? "Saving…" : "Save details"}
            </Button>
          </Form>
        </CardContent>
      </Card>
      <Card aria-labelledby="replace-title">
        <CardHeader className="flex-col items-start gap-0.5 pt-3.5">
          <CardTitle id="replace-title">Files</CardTitle>
          <CardDescription>
            Use the template, change the app, then take its saved draft here. Apps made from the template stay as they are.
          </CardDescription>
        </CardHeader>
        <CardContent>
          {apps.length === 0 ? (
            <p className="text-[13px] text-muted-foreground">You have no app to take files from.</p>
          ) : (
            <Form method="post" preventScrollReset className="grid gap-3">
              <Field label="App">
                {(control) => (
                  <NativeSelect {...control} name="app">
                    {apps.map(({ slug, name }) => (
                      <option key={slug} value={slug}>
                        {name} ({slug})
                      </option>
                    ))}
                  </NativeSelect>
                )}
              </Field>
              <Button type="submit" variant="outline" name="intent" value="replace" aria-disabled={busy === "replace"}>
                {busy === "replace" ? "Taking them…" : "Take its files"}
              </Button>
            </Form>
          )}
        </CardContent>
      </Card>
      <EndCard template={template} busy={busy} />
    </div>
  );
}

/** Hide, which can be undone, and delete, which cannot. */
function EndCard({ template: { hidden, global, builtIn }, busy }: { template: TemplateDetail; busy: unknown }) {
  return (
    <Card aria-label="Hide or delete" className="grid gap-3 px-4 py-3.5">
      <p className="text-[13px] text-muted-foreground">
        {hidden
          ? `Hidden: only ${global ? "administrators see it" : "you and administrators see it, dimmed"}.`
          : `Hidden, only ${global ? "administrators" : "you and administrators"} would see it${global ? "" : ", dimmed"}.`}
      </p>
      <Form method="post" preventScrollReset>
        <Button
          type="submit"
          variant="outline"
          name="intent"
          value={hidden ? "unhide" : "hide"}
          aria-disabled={busy === "hide" || busy === "unhide"}
        >
          {hidden ? <EyeIcon aria-hidden /> : <EyeOffIcon aria-hidden />}
          {hidden ? "Show it again" : "Hide it"}
        </Button>
      </Form>
      <details>
        <summary className={cn(buttonVariants({ variant: "ghost", size: "sm" }), "-ml-2.5 w-fit text-muted-foreground")}>
          Delete this template…
        </summary>
        <Form method="post" className="mt-2 grid gap-3">
          <p className="text-[13px] text-muted-foreground">
            It goes for good{global && ", for everybody"}. Apps that were made from it stay.
            {builtIn && " It came with the platform, and an upgrade does not bring it back: hiding can be undone."}
          </p>
          <Button type="submit" variant="destructive" name="intent" value="delete" aria-disabled={busy === "delete"}>
            {busy === "delete" ? "Deleting…" : "Delete template"}
          </Button>
        </Form>
      </details>
    </Card>
  );
}
