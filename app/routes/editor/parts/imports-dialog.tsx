/** After a rename: the imports that name the file by its old name, and whether they are to follow. */
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";
import type { Renaming } from "../use-rename.ts";

interface ImportsDialogProps {
  offer: NonNullable<Renaming["offer"]>;
  onUpdate(): void;
  onClose(): void;
}

export function ImportsDialog({ offer: { from, to, changes }, onUpdate, onClose }: ImportsDialogProps) {
  const what = changes.length === 1 ? "one import" : `${changes.length} imports`;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent>
        <DialogTitle>Update {what}?</DialogTitle>
        <DialogDescription>
          {from} is now {to}. Names in your code stay as they are.
        </DialogDescription>
        <ul className="grid max-h-80 gap-3 overflow-y-auto">
          {changes.map(({ file, line, before, after }) => (
            <li key={`${file}:${line}`} className="grid gap-0.5 text-xs">
              <span className="text-muted-foreground">
                {file}, line {line}
              </span>
              <del className="rounded-xs bg-destructive/12 px-1.5 py-0.5 font-mono break-words text-destructive no-underline">{before}</del>
              <ins className="rounded-xs bg-running/12 px-1.5 py-0.5 font-mono break-words text-running no-underline">{after}</ins>
            </li>
          ))}
        </ul>
        <DialogFooter>
          <Button variant="outline" onClick={onClose}>
            Leave them
          </Button>
          <Button autoFocus onClick={onUpdate}>
            Update {what}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
