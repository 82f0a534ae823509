import { KeyRoundIcon } from "lucide-react";
import { Form } from "react-router";
import { Button } from "#app/components/ui/button.tsx";
import { buttonVariants } from "#app/components/ui/button-variants.ts";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";
import type { Token } from "#core/contract/account.ts";

/** A person's tokens: what for, what they may, how long. */
export function TokenList({ tokens }: { tokens: readonly Token[] }) {
  if (tokens.length === 0)
    return (
      <EmptyState icon={<KeyRoundIcon />} title="No tokens yet" className="border-t py-8">
        Make one below; it is shown once.
      </EmptyState>
    );
  return (
    <ul className="max-h-[28rem] divide-y overflow-y-auto border-t">
      {tokens.map((token) => (
        <li key={token.id} className="flex items-center gap-4 px-4 py-2.5">
          <div className="min-w-0 flex-1">
            <p className="truncate font-medium">{token.name}</p>
            <p className="text-[13px] text-muted-foreground">
              {token.scopes.join(", ")} · made <RelativeTime at={token.createdAt} /> ·{" "}
              {token.expiresAt === null ? (
                "does not expire"
              ) : (
                <>
                  expires <RelativeTime at={token.expiresAt} />
                </>
              )}
            </p>
          </div>
          <DeleteToken token={token} />
        </li>
      ))}
    </ul>
  );
}

/** What uses the token stops at once, so it takes a second press. */
function DeleteToken({ token }: { token: Token }) {
  return (
    <details className="group/delete flex shrink-0 items-center">
      <summary aria-label={`Delete the token ${token.name}`} className={buttonVariants({ variant: "ghost", size: "sm" })}>
        <span className="group-open/delete:hidden">Delete</span>
        <span className="hidden group-open/delete:inline">Keep</span>
      </summary>
      <Form method="post" preventScrollReset className="mt-1">
        <input type="hidden" name="token" value={token.id} />
        <Button type="submit" name="intent" value="delete" size="sm" variant="destructive">
          Really delete
        </Button>
      </Form>
    </details>
  );
}
