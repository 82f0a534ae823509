/** Saves the app's draft as a template: its files, and nothing else of it. */
import { useState, type FormEvent } from "react";
import type { App } from "#core/contract/app.ts";
import { FormMessage } from "#app/components/form-message.tsx";
import { sortProblems } from "#app/components/form-problems.ts";
import { parseTags } from "#app/components/tags.ts";
import { TemplateFields } from "#app/components/template-fields.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";
import { toast } from "#app/components/ui/toast.tsx";
import { useViewer } from "#app/components/viewer.ts";
import { isDirty, useEditorStore } from "#app/stores/editor-store.ts";
import { call, type Failure } from "../call.ts";

export function TemplateDialog({ app, onClose }: { app: App; onClose(): void }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const dirty = useEditorStore(isDirty);
  const admin = useViewer()?.user?.role === "admin";
  const { fields, message } = sortProblems(failure?.problem, ["name", "description", "complexity", "tags"]);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    const text = (name: string) => {
      const value = form.get(name);
      return typeof value === "string" ? value : "";
    };
    setBusy(true);
    const answer = await call<{ template: string }>(`/apps/${app.slug}/edit/manage`, {
      intent: "template",
      template: {
        name: text("name"),
        description: text("description"),
        complexity: text("complexity"),
        tags: parseTags(text("tags")),
        ...(form.has("global") && { global: true }),
      },
    });
    setBusy(false);
    if (!answer.ok) return setFailure(answer);
    onClose();
    toast({ title: "Saved as a template", description: "It is under New app, where it can be changed and deleted.", type: "success" });
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <form onSubmit={(event) => void submit(event)} className="grid grid-cols-1 gap-4">
          <div className="grid gap-1.5 pr-8">
            <DialogTitle>Save as template</DialogTitle>
            <DialogDescription>
              Files to start other apps from: those of the saved draft. Variables, secrets and data are never part of it; a secret that
              stands in the code is.
            </DialogDescription>
          </div>
          <FormMessage>{message}</FormMessage>
          {dirty && (
            <p role="status" className="text-[13px] text-deploying">
              You have unsaved changes. They are not part of it until you save them.
            </p>
          )}
          <TemplateFields name={app.name} description={app.description} complexity="beginner" tags={[]} problems={fields} />
          {admin && (
            <label className="flex items-center gap-2 text-sm">
              <input type="checkbox" name="global" className="size-4 accent-primary" />
              For everybody on this installation
            </label>
          )}
          <DialogFooter>
            <Button type="button" variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={busy}>
              {busy ? "Saving…" : "Save template"}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
