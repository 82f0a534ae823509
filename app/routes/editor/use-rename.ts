/** Renames a file, then asks whether the imports that name it are to follow. */
import { useState } from "react";
import type { RenamedImports } from "#core/python/rename.ts";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import type { PythonChecks } from "./code/use-python.ts";

export interface Renaming {
  rename(from: string, to: string): void;
  /** What is to be decided; null: nothing is. */
  offer: (RenamedImports & { from: string; to: string }) | null;
  update(): void;
  leave(): void;
}

export function useRename(renameImports: PythonChecks["renameImports"]): Renaming {
  const store = useEditorStoreApi();
  const [offer, setOffer] = useState<Renaming["offer"]>(null);
  return {
    rename(from, to) {
      store.getState().rename(from, to);
      renameImports(store.getState().files, from, to).then(
        (renamed) => renamed.changes.length > 0 && setOffer({ ...renamed, from, to }),
        // Where it cannot be told, the checks name the imports that lead nowhere.
        () => undefined,
      );
    },
    offer,
    update() {
      for (const [path, text] of Object.entries(offer?.files ?? {})) store.getState().setText(path, text);
      setOffer(null);
    },
    leave: () => setOffer(null),
  };
}
