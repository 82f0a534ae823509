import { useState } from "react";
import type { ImportRequest } from "#core/contract/import-request.ts";
import { Button } from "#app/components/ui/button.tsx";
import { RelativeTime } from "#app/components/ui/relative-time.tsx";

interface MissingPackageProps {
  name: string;
  near: string | null;
  request: ImportRequest | undefined;
  isAdmin: boolean;
  onQuery(query: string): void;
  /** Asks for it; why it could not be asked for, in words. */
  ask(name: string): Promise<string | null>;
}

/** No package is imported by this name: the nearest, and who can be asked. */
export function MissingPackage({ name, near, request, isAdmin, onQuery, ask }: MissingPackageProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  return (
    <div className="grid gap-2 border-b bg-muted/40 px-3 py-3 text-[13px]">
      <p>
        No package here is imported as <code className="text-code break-all">{name}</code>.
        {near !== null && (
          <>
            {" "}
            Did you mean{" "}
            <button type="button" className="font-medium text-primary underline underline-offset-4" onClick={() => onQuery(near)}>
              {near}
            </button>
            ?
          </>
        )}
      </p>
      <p role="status" className="text-muted-foreground empty:hidden">
        {request !== undefined && <Outcome request={request} isAdmin={isAdmin} />}
      </p>
      {request === undefined && (
        <Button
          variant="outline"
          size="sm"
          className="w-fit"
          disabled={busy}
          onClick={() => {
            setBusy(true);
            void ask(name).then((failed) => {
              setBusy(false);
              setError(failed);
            });
          }}
        >
          {busy ? "Asking…" : `Ask the administrator for ${name}`}
        </Button>
      )}
      <p role="alert" className="text-destructive empty:hidden">
        {error}
      </p>
    </div>
  );
}

function Outcome({ request: { state, askedAt, decidedAt }, isAdmin }: { request: ImportRequest; isAdmin: boolean }) {
  if (state === "open")
    return (
      <>
        You asked for it <RelativeTime at={askedAt} />.{" "}
        {isAdmin ? "Decide on it in Settings." : "An administrator decides; the answer shows here."}
      </>
    );
  return (
    <>
      {state === "allowed" ? "An administrator allowed it " : "An administrator declined it "}
      {decidedAt !== null && <RelativeTime at={decidedAt} />}
      {state === "allowed" ? ", and took it back since." : ". Use another package, or write to them why you need it."}
    </>
  );
}
