/** Variables that the draft has instead of the app's, or besides them. */
import { useState, type FormEvent } from "react";
import type { EnvVar } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogHeader, DialogTitle } from "#app/components/ui/dialog.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { call, wordsOf } from "../call.ts";
import { envFaults, toEnv, toRows } from "../env-draft.ts";
import { EnvEditor } from "./env-editor.tsx";

export function DraftEnvDialog({ host, env, onClose }: { host: string; env: readonly EnvVar[]; onClose(): void }) {
  const [rows, setRows] = useState(() => toRows(env));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const faults = envFaults(rows);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const answer = await call(`/apps/${host}/edit/settings`, { env: toEnv(rows) });
    setBusy(false);
    if (!answer.ok) return setError(wordsOf(answer.problem));
    toast({ title: "Saved. The draft starts with them at its next request.", type: "success" });
    onClose();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent className="max-w-lg">
        <form onSubmit={(event) => void save(event)} className="grid min-w-0 gap-4">
          <DialogHeader>
            <DialogTitle>Variables of the draft</DialogTitle>
            <DialogDescription>
              The draft has the app's variables. What stands here takes their place, for the draft alone.
            </DialogDescription>
          </DialogHeader>
          <div className="max-h-[50dvh] overflow-y-auto p-1">
            <EnvEditor rows={rows} faults={faults} onChange={setRows} />
          </div>
          <p role="alert" className="text-xs text-destructive empty:hidden">
            {error}
          </p>
          <DialogFooter>
            <Button type="button" variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={busy || faults.size > 0}>
              {busy ? "Saving…" : "Save"}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
