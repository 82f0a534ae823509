/** Remembers the panes in this browser: what is open is the store's, sizes are told as they change. */
import { useEffect, useRef } from "react";
import { useEditorStoreApi, type EditorState } from "#app/stores/editor-store.ts";
import { panesCookie, type Panes } from "#app/stores/panes.ts";

type Sizes = Pick<Panes, "files" | "side" | "output">;

/** The sizes as they are now, and how to tell of new ones. Nothing renders when they change: the panels hold them themselves. */
export interface PaneSizes {
  sizes(this: void): Sizes;
  resized(this: void, sizes: Partial<Sizes>): void;
}

export function usePanes(initial: Panes): PaneSizes {
  const store = useEditorStoreApi();
  const sizes = useRef<Sizes>(initial);
  const keep = useRef(({ side: right, filesOpen, bottom, bottomOpen }: EditorState) => {
    document.cookie = panesCookie({ ...sizes.current, filesOpen, right, bottom, bottomOpen });
  });
  useEffect(
    () =>
      store.subscribe((state, before) => {
        const changed = (["side", "filesOpen", "bottom", "bottomOpen"] as const).some((each) => state[each] !== before[each]);
        if (changed) keep.current(state);
      }),
    [store],
  );
  return {
    sizes: () => sizes.current,
    resized(changed) {
      sizes.current = { ...sizes.current, ...changed };
      keep.current(store.getState());
    },
  };
}
