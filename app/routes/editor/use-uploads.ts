/** Files chosen or dropped become the app's; what became of them is said, and can be undone. */
import { useState, type DragEvent } from "react";
import { toast } from "#app/components/ui/toast.tsx";
import { applyChanges, changesBetween, undoChanges } from "#app/stores/drafts.ts";
import { useEditorStoreApi } from "#app/stores/editor-store.ts";
import { readDropped, takeUploads, unpackUploads, type TakenUploads, type Upload } from "./uploads.ts";

export interface Uploads {
  upload(uploads: readonly Upload[]): Promise<void>;
  /** For the element that files may be dropped on. */
  drop: {
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent<HTMLElement>): void;
    onDrop(event: DragEvent): void;
  };
  /** Files are held above it. */
  isOver: boolean;
}

export function useUploads(): Uploads {
  const store = useEditorStoreApi();
  const [isOver, setOver] = useState(false);
  const upload = async (uploads: readonly Upload[]): Promise<void> => {
    const unpacked = await unpackUploads(uploads);
    const before = store.getState().files;
    const taken = await takeUploads(before, unpacked.uploads, store.getState().entrypoint);
    const [first] = [...taken.added, ...taken.replaced];
    if (first !== undefined) {
      // What was typed while they were read stays.
      store.getState().replace(applyChanges(store.getState().files, changesBetween(before, taken.files)));
      store.getState().open(first);
      toast({
        title: toWords(taken),
        ...(unpacked.leftOut.length > 0 && { description: `Left out: ${listed(unpacked.leftOut)}.` }),
        action: { label: "Undo", onClick: () => store.getState().replace(undoChanges(store.getState().files, before, taken.files)) },
      });
    }
    const [refused, ...others] = [...unpacked.refused, ...taken.refused];
    if (refused !== undefined)
      toast({
        title: "Not added",
        description: others.length > 0 ? `${refused} ${others.length} more were left out too.` : refused,
        type: "error",
      });
  };
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer.types.includes("Files");
  return {
    upload,
    isOver,
    drop: {
      onDragOver(event) {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave(event) {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop(event) {
        if (!hasFiles(event)) return;
        event.preventDefault();
        setOver(false);
        void readDropped(event.dataTransfer.items).then(upload);
      },
    },
  };
}

function listed(paths: readonly string[]): string {
  return paths.length > 4 ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more` : paths.join(", ");
}

function toWords({ added, replaced }: TakenUploads): string {
  const count = (paths: readonly string[]): string => (paths.length === 1 ? paths[0]! : `${paths.length} files`);
  if (replaced.length === 0) return `Added ${count(added)}`;
  if (added.length === 0) return `Replaced ${count(replaced)}`;
  return `Added ${count(added)}, replaced ${count(replaced)}`;
}
