/** Before a draft runs for the first time: what that means, and what its database begins with. */
import { PlayIcon } from "lucide-react";
import { useId, useState } from "react";
import type { App } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import type { DraftHostControl } from "../use-draft-host.ts";
import type { EditorActions } from "../use-editor-actions.ts";

const beginnings = [
  { from: "empty", label: "Empty", hint: "A database of its own, with nothing in it." },
  { from: "live", label: "A copy of live", hint: "Every document and index as they are now. You can cancel it." },
] as const;

export function DraftStart({ app, draft: { host, fill }, actions }: { app: App; draft: DraftHostControl; actions: EditorActions }) {
  const [from, setFrom] = useState<"empty" | "live">("empty");
  const name = useId();
  const asks = app.database !== null && host.database === null;
  const ended = host.copy !== null && host.copy.state !== "running" ? host.copy : null;
  const run = async () => {
    // A copy is waited for here, where it can be watched; then the draft is run.
    if (asks && from === "live") await fill("live");
    else await actions.runDraft();
  };
  return (
    <form
      aria-label="Run the draft"
      className="mx-auto grid max-w-sm gap-4 p-6 text-[13px]"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <div className="grid gap-1.5">
        <h3 className="font-medium">Try the draft before it is live</h3>
        <p className="text-muted-foreground">
          It runs on a host of its own, which only you can open, and sleeps after 10 minutes.{" "}
          {app.liveVersion !== null && "Live stays as it is."}
        </p>
      </div>
      {ended !== null && <p role="status">{copyWords(ended)}</p>}
      {asks && (
        <fieldset className="grid gap-2">
          <legend className="mb-1.5 font-medium">Its database begins</legend>
          {beginnings.map((each) => (
            <label key={each.from} className="flex items-start gap-2">
              <input
                type="radio"
                name={name}
                className="mt-0.5 accent-primary"
                checked={from === each.from}
                onChange={() => setFrom(each.from)}
              />
              <span>
                {each.label}
                <span className="block text-xs text-muted-foreground">{each.hint}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <div>
        <Button type="submit" size="sm" disabled={actions.busy !== null} aria-busy={actions.busy === "running"}>
          <PlayIcon aria-hidden />
          {asks && from === "live" ? "Copy, then run" : actions.busy === "running" ? "Starting…" : "Run draft"}
        </Button>
      </div>
    </form>
  );
}

function copyWords({ state, documents, error }: NonNullable<DraftHostControl["host"]["copy"]>): string {
  if (state === "succeeded") return `${documents.toLocaleString("en")} documents were copied from live.`;
  if (state === "cancelled") return "The copy was cancelled. The draft's database is empty.";
  return error ?? "The copy failed. The draft's database is empty.";
}
