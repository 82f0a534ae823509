/** Ctrl/Cmd+S, Ctrl/Cmd+Enter and Ctrl/Cmd+Shift+F, wherever the focus is. In Monaco they are commands of its own, which stop the event here. */
import { useEffect, useRef } from "react";

export function useShortcuts(onSave: () => void, onDeploy: () => void, onSearch: () => void): void {
  const handlers = useRef({ onSave, onDeploy, onSearch });
  useEffect(() => {
    handlers.current = { onSave, onDeploy, onSearch };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented || event.repeat) return;
      if (event.key === "s" && !event.shiftKey) {
        // The browser's own "save page" is never what is meant here.
        event.preventDefault();
        handlers.current.onSave();
      } else if (event.key.toLowerCase() === "f" && event.shiftKey) {
        event.preventDefault();
        handlers.current.onSearch();
      } else if (event.key === "Enter") {
        event.preventDefault();
        handlers.current.onDeploy();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
