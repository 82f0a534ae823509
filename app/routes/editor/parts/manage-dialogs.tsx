/** Clone and delete. Only deleting asks for the name: it is the one thing here that cannot be undone. */
import { useId, useState, type FormEvent, type ReactNode } from "react";
import { useNavigate } from "react-router";
import type { App } from "#core/contract/app.ts";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";
import { Input } from "#app/components/ui/input.tsx";
import { call, wordsOf } from "../call.ts";

interface ManageDialogProps {
  app: App;
  onClose(): void;
}

export function CloneDialog({ app, onClose }: ManageDialogProps) {
  const navigate = useNavigate();
  return (
    <NameDialog
      title="Clone this app"
      description="A new app with this one's saved draft and variables, bound to the same database. Versions are not copied."
      label="Name of the clone"
      initial={`${app.name} copy`}
      verb="Clone"
      onClose={onClose}
      submit={async (name) => {
        const answer = await call<{ slug: string }>(`/apps/${app.slug}/edit/manage`, { intent: "clone", name });
        if (!answer.ok) return wordsOf(answer.problem);
        onClose();
        await navigate(`/apps/${answer.value.slug}/edit`);
        return null;
      }}
    />
  );
}

/** `onDeleted` is called before leaving, so that unsaved edits of what is gone hold nobody back. */
export function DeleteDialog({ app, onClose, onDeleted }: ManageDialogProps & { onDeleted(): void }) {
  const navigate = useNavigate();
  return (
    <NameDialog
      title={`Delete ${app.name}?`}
      description={`Its files, versions, variables, logs and its address ${app.url.replace(/^https?:\/\//, "")} go for good. ${app.database === null ? "" : `The database ${app.database.name} stays.`}`}
      label={
        <>
          Type <strong className="font-semibold">{app.name}</strong> to delete it
        </>
      }
      initial=""
      verb="Delete"
      destructive
      ready={(name) => name === app.name}
      onClose={onClose}
      submit={async (confirm) => {
        const answer = await call<unknown>(`/apps/${app.slug}/edit/manage`, { intent: "delete", confirm });
        if (!answer.ok) return wordsOf(answer.problem);
        onDeleted();
        await navigate("/apps");
        return null;
      }}
    />
  );
}

interface NameDialogProps {
  title: string;
  description: string;
  label: ReactNode;
  initial: string;
  verb: string;
  destructive?: boolean;
  ready?: (name: string) => boolean;
  onClose(): void;
  /** Answers what went wrong, or null. */
  submit(name: string): Promise<string | null>;
}

function NameDialog({
  title,
  description,
  label,
  initial,
  verb,
  destructive = false,
  ready = (name) => name.trim() !== "",
  onClose,
  submit,
}: NameDialogProps) {
  const [name, setName] = useState(initial);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const id = useId();
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    if (!ready(name) || busy) return;
    setBusy(true);
    setError(await submit(name.trim()));
    setBusy(false);
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <form onSubmit={(event) => void onSubmit(event)} className="grid gap-4">
          <div className="grid gap-1.5">
            <DialogTitle>{title}</DialogTitle>
            <DialogDescription>{description}</DialogDescription>
          </div>
          <div className="grid gap-1.5">
            <label htmlFor={id} className="text-[13px]">
              {label}
            </label>
            <Input
              id={id}
              value={name}
              autoComplete="off"
              spellCheck={false}
              onChange={({ target }) => setName(target.value)}
              aria-invalid={error !== null}
              aria-describedby={`${id}-error`}
            />
            <p id={`${id}-error`} role="alert" className="text-xs text-destructive empty:hidden">
              {error}
            </p>
          </div>
          <DialogFooter>
            <Button type="button" variant="outline" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" variant={destructive ? "destructive" : "default"} disabled={!ready(name) || busy}>
              {verb}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
