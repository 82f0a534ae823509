/** Leaving with unsaved changes asks first; the browser's own question stands for closing the tab. */
import { lazy, Suspense, useEffect } from "react";
import { useBlocker } from "react-router";
import { isDirty, useEditorStoreApi } from "#app/stores/editor-store.ts";

const LeaveDialog = lazy(() => import("./leave-dialog.tsx").then((module) => ({ default: module.LeaveDialog })));

/** `save` answers whether it worked; `released` lets everybody go (the app is deleted). */
export function LeaveGuard({ save, released }: { save(): Promise<boolean>; released: { current: boolean } }) {
  const store = useEditorStoreApi();
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
  return (
    <Suspense fallback={null}>
      <LeaveDialog save={save} stay={() => blocker.reset()} leave={() => blocker.proceed()} />
    </Suspense>
  );
}
