/** For administrators: imports that users ask for, and those that are allowed. */
import { PackageIcon } from "lucide-react";
import { Form } from "react-router";
import { FormMessage } from "#app/components/form-message.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "#app/components/ui/card.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import type { AskedImport } from "#core/contract/import-request.ts";

interface AskedImportsProps {
  asked: readonly AskedImport[];
  /** There are more than these. */
  more: boolean;
  allowed: readonly string[];
  problem: string | undefined;
}

export function AskedImports({ asked, more, allowed, problem }: AskedImportsProps) {
  const names = [...new Set(asked.map((each) => each.import))];
  return (
    <Card aria-labelledby="imports-title">
      <CardHeader className="flex-col items-start gap-0.5 pt-3.5">
        <CardTitle id="imports-title">Imports that were asked for</CardTitle>
        <CardDescription>
          Allowing one lets the check pass it, in every app. Nothing is installed: what is not in the runner’s Python environment still
          fails when an app is loaded.
        </CardDescription>
      </CardHeader>
      {problem !== undefined && (
        <div className="px-4 pb-3">
          <FormMessage>{problem}</FormMessage>
        </div>
      )}
      {names.length === 0 ? (
        <EmptyState icon={<PackageIcon />} title="Nobody waits for one" className="border-t py-8">
          Requests come from the editor’s package list.
        </EmptyState>
      ) : (
        <ul aria-label="Imports that were asked for" className="max-h-[28rem] divide-y overflow-y-auto border-t">
          {names.map((name) => (
            <Asked key={name} name={name} requests={asked.filter((each) => each.import === name)} />
          ))}
        </ul>
      )}
      {more && <p className="border-t px-4 py-2 text-[13px] text-muted-foreground">There are more; they show when these are decided.</p>}
      {allowed.length > 0 && (
        <CardContent className="border-t pt-3">
          <h3 className="text-[13px] font-medium">Allowed beside the built-in packages</h3>
          <ul className="mt-2 flex flex-wrap gap-2">
            {allowed.map((name) => (
              <li key={name}>
                <Form method="post" preventScrollReset className="flex items-center gap-1 rounded-md border py-0.5 pr-0.5 pl-2">
                  <input type="hidden" name="import" value={name} />
                  <span className="text-code break-all">{name}</span>
                  <Button type="submit" name="intent" value="disallow" variant="ghost" size="sm" aria-label={`Take back ${name}`}>
                    Take back
                  </Button>
                </Form>
              </li>
            ))}
          </ul>
        </CardContent>
      )}
    </Card>
  );
}

function Asked({ name, requests }: { name: string; requests: readonly AskedImport[] }) {
  const [newest] = requests;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5">
      <div className="min-w-0 flex-1 basis-48">
        <p className="text-code font-medium break-all">{name}</p>
        <p className="text-[13px] break-words text-muted-foreground">
          {newest!.user.name} for {newest!.app.name}
          {requests.length > 1 && `, and ${requests.length - 1} more`} · <RelativeTime at={newest!.askedAt} />
        </p>
      </div>
      <Form method="post" preventScrollReset className="flex gap-2">
        <input type="hidden" name="import" value={name} />
        <Button type="submit" name="intent" value="decline" size="sm" variant="outline" aria-label={`Decline ${name}`}>
          Decline
        </Button>
        <Button type="submit" name="intent" value="allow" size="sm" variant="outline" aria-label={`Allow ${name}`}>
          Allow
        </Button>
      </Form>
    </li>
  );
}
