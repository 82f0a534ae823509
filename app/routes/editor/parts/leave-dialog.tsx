import { useState } from "react";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";

/** What is asked of somebody who leaves with unsaved changes. `save` answers whether it worked. */
export function LeaveDialog({ save, stay, leave }: { save(): Promise<boolean>; stay(): void; leave(): void }) {
  const [busy, setBusy] = useState(false);
  const saveAndGo = async () => {
    setBusy(true);
    if (await save()) leave();
    else stay();
    setBusy(false);
  };
  return (
    <Dialog open onOpenChange={(open) => !open && stay()}>
      <DialogContent>
        <DialogTitle>Save your changes?</DialogTitle>
        <DialogDescription>
          They are not saved yet. Left as they are, they stay in this browser and come back when you open the app again.
        </DialogDescription>
        <DialogFooter>
          <Button variant="outline" onClick={() => stay()}>
            Stay
          </Button>
          <Button variant="outline" onClick={() => leave()}>
            Leave
          </Button>
          <Button disabled={busy} onClick={() => void saveAndGo()}>
            Save and leave
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
