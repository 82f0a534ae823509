import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { getCommandWindow, isTyping, setCommandWindow, subscribeCommandWindow } from "./command-state.ts";
import { useViewer } from "./viewer.ts";

const CommandPalette = lazy(() => import("./command-palette.tsx").then((module) => ({ default: module.CommandPalette })));
const ShortcutList = lazy(() => import("./shortcut-list.tsx").then((module) => ({ default: module.ShortcutList })));

/** Listens for Ctrl/Cmd+K and `?` on every page; the windows themselves are loaded when first opened. */
export function CommandCenter() {
  const signedIn = useViewer()?.user != null;
  const open = useSyncExternalStore(subscribeCommandWindow, getCommandWindow, () => null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (signedIn && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setCommandWindow(getCommandWindow() === "palette" ? null : "palette");
      } else if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
        event.preventDefault();
        setCommandWindow("shortcuts");
      } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) {
        const search = document.querySelector<HTMLInputElement>("input[data-page-search]");
        if (search === null) return;
        event.preventDefault();
        search.focus();
        search.select();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [signedIn]);
  return (
    <Suspense fallback={null}>
      {open === "palette" && signedIn && <CommandPalette />}
      {open === "shortcuts" && <ShortcutList />}
    </Suspense>
  );
}
