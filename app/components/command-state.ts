/** Which of the two windows that belong to every page stands open. A store of its own, so that the windows are loaded only when asked for. */
export type CommandWindow = "palette" | "shortcuts" | null;

let open: CommandWindow = null;
const listeners = new Set<() => void>();

export function setCommandWindow(next: CommandWindow): void {
  open = next;
  for (const listener of listeners) listener();
}
export const openPalette = (): void => setCommandWindow("palette");
export const getCommandWindow = (): CommandWindow => open;
export function subscribeCommandWindow(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Keys that a person types into something are theirs, not shortcuts. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest("input, textarea, select, [role=textbox]") !== null);
}
