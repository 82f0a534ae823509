/** Leaving with unsaved changes asks first; the browser's own question stands for closing the tab. */
import { useEffect, useState } from "react";
import { useBlocker } from "react-router";
import { Button } from "#app/components/ui/button.tsx";
import { Dialog, DialogContent, DialogDescription, DialogFooter, DialogTitle } from "#app/components/ui/dialog.tsx";
import { isDirty, useEditorStoreApi } from "#app/stores/editor-store.ts";

/** `save` answers whether it worked; `released` lets everybody go (the app is deleted). */
export function LeaveGuard({ save, released }: { save(): Promise<boolean>; released: { current: boolean } }) {
  const store = useEditorStoreApi();
  const [busy, setBusy] = useState(false);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) =>
      !released.current && currentLocation.pathname !== nextLocation.pathname && isDirty(store.getState()),
  );

  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (!released.current && isDirty(store.getState())) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [store, released]);

  if (blocker.state !== "blocked") return null;
  const saveAndGo = async () => {
    setBusy(true);
    if (await save()) blocker.proceed();
    else blocker.reset();
    setBusy(false);
  };
  return (
    <Dialog open onOpenChange={(open) => !open && blocker.reset()}>
      <DialogContent>
        <DialogTitle>Save your changes?</DialogTitle>
        <DialogDescription>
          They are not saved yet. Left as they are, they stay in this browser and come back when you open the app again.
        </DialogDescription>
        <DialogFooter>
          <Button variant="outline" onClick={() => blocker.reset()}>
            Stay
          </Button>
          <Button variant="outline" onClick={() => blocker.proceed()}>
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
