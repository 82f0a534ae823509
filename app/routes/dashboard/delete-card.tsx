import { useFetcher } from "react-router";
import { sortProblems } from "#app/components/form-problems.ts";
import { Button } from "#app/components/ui/button.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { Card } from "#app/components/ui/card.tsx";
import { cn } from "#app/components/ui/cn.ts";
import { Field } from "#app/components/ui/field.tsx";
import { Input } from "#app/components/ui/input.tsx";
import type { Problem } from "#core/contract/problem.ts";

/**
 * Deleting cannot be undone, so the name has to be typed. A fetcher, since the page's live updates would take the answer of a
 * navigation away again; `problem` is that answer where there is no JavaScript.
 */
export function DeleteCard({ name, problem }: { name: string; problem: Problem | undefined }) {
  const fetcher = useFetcher<{ problem?: Problem }>();
  const { fields } = sortProblems(fetcher.data?.problem ?? problem, ["confirm"]);
  const busy = fetcher.state !== "idle";
  return (
    <Card aria-label="Delete">
      <details open={fields["confirm"] !== undefined} className="group px-4 py-3">
        <summary className={cn(buttonVariants({ variant: "ghost", size: "sm" }), "-ml-2.5 w-fit text-muted-foreground")}>
          Delete this app…
        </summary>
        <fetcher.Form method="post" className="mt-3 flex flex-col gap-3">
          <p className="text-[13px] text-muted-foreground">
            Removes its files, versions, variables, logs and requests, for good. Its database and what is in it stay.
          </p>
          <Field
            label={
              <>
                Type <span className="text-code select-all">{name}</span> to confirm
              </>
            }
            error={fields["confirm"]}
          >
            {(control) => <Input {...control} name="confirm" autoComplete="off" spellCheck={false} />}
          </Field>
          <Button type="submit" name="intent" value="delete" variant="destructive" aria-disabled={busy}>
            {busy ? "Deleting…" : "Delete app"}
          </Button>
        </fetcher.Form>
      </details>
    </Card>
  );
}
