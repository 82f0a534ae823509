/** Keeps unsaved buffers in this browser while somebody types, and gives them back after a reload. */
import { useEffect, useState } from "react";
import { applyChanges, changesBetween } from "#app/stores/drafts.ts";
import { isDirty, useEditorStoreApi } from "#app/stores/editor-store.ts";
import { findUnsaved, forgetUnsaved, keepUnsaved, type Unsaved } from "#app/stores/unsaved.ts";
import { toast } from "#app/components/ui/toast.tsx";

const debounceMs = 250;

/**
 * Restores what was left unsaved on the draft as it is saved now. What was left on an older draft comes back as the result, for
 * the person to compare; `settle` forgets it.
 */
export function useUnsaved(appId: string): { older: Unsaved | null; settle: () => void } {
  const store = useEditorStoreApi();
  const [older, setOlder] = useState<Unsaved | null>(null);

  useEffect(() => {
    const { base } = store.getState();
    const kept = findUnsaved(localStorage, appId);
    const same = kept.find(({ baseHash }) => baseHash === base.hash);
    if (same !== undefined && !isDirty(store.getState())) {
      store.getState().replace(applyChanges(base.files, same.changes));
      const { files } = store.getState();
      toast({
        title: "Your unsaved changes are back",
        description: `${countOf(same)} from ${new Date(same.at).toLocaleString()}.`,
        action: { label: "Discard", onClick: () => store.getState().files === files && store.getState().replace(base.files) },
      });
    }
    const first = kept.find(({ baseHash }) => baseHash !== base.hash);
    // oxlint-disable-next-line react/set-state-in-effect -- local storage is outside React, and is read once
    if (same === undefined && first !== undefined) setOlder(first);
  }, [appId, store]);

  useEffect(() => {
    const keep = () => {
      const { base, files } = store.getState();
      keepUnsaved(localStorage, appId, base.hash, changesBetween(base.files, files), new Date());
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = store.subscribe((state, before) => {
      if (state.files === before.files && state.base === before.base) return;
      clearTimeout(timer);
      timer = setTimeout(keep, debounceMs);
    });
    // What was typed in the last quarter of a second.
    addEventListener("pagehide", keep);
    return () => {
      unsubscribe();
      if (timer !== undefined) keep();
      clearTimeout(timer);
      removeEventListener("pagehide", keep);
    };
  }, [appId, store]);

  return {
    older,
    settle: () => {
      if (older) forgetUnsaved(localStorage, appId, older.baseHash);
      setOlder(null);
    },
  };
}

function countOf({ changes }: Unsaved): string {
  const count = Object.keys(changes).length;
  return count === 1 ? "One file" : `${count} files`;
}
