/**
 * Unsaved edits on this machine, so that a reload or a crash of the browser loses nothing. Kept in localStorage by app and by
 * the saved draft they were made on: two tabs on different drafts do not overwrite each other. Without zod: this is in the first load.
 */
import type { FileContent } from "#core/contract/files.ts";
import type { Changes } from "./drafts.ts";

const prefix = "fp:unsaved:";
const keyOf = (appId: string, baseHash: string) => `${prefix}${appId}:${baseHash}`;

export interface Unsaved {
  baseHash: string;
  at: string;
  changes: Changes;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** Keeps the changes, or forgets them when there are none. A full or forbidden storage is no reason to disturb who is typing. */
export function keepUnsaved(store: Store, appId: string, baseHash: string, changes: Changes, at: Date): void {
  try {
    if (Object.keys(changes).length === 0) store.removeItem(keyOf(appId, baseHash));
    else store.setItem(keyOf(appId, baseHash), JSON.stringify({ at: at.toISOString(), changes }));
  } catch {
    // Private windows and quotas: the question on leaving still protects the edits.
  }
}

export function forgetUnsaved(store: Store, appId: string, baseHash: string): void {
  try {
    store.removeItem(keyOf(appId, baseHash));
  } catch {
    // See keepUnsaved.
  }
}

/** What was kept for this app, newest first. Unreadable entries are dropped. */
export function findUnsaved(store: Store, appId: string): Unsaved[] {
  const found: Unsaved[] = [];
  try {
    const keys = Array.from({ length: store.length }, (_, index) => store.key(index)).filter((key) =>
      key?.startsWith(`${prefix}${appId}:`),
    );
    for (const key of keys) {
      if (key === null || key === undefined) continue;
      const kept = readKept(store.getItem(key));
      if (kept !== null) found.push({ baseHash: key.slice(`${prefix}${appId}:`.length), ...kept });
      else store.removeItem(key);
    }
  } catch {
    return [];
  }
  return found.sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** What was stored, when it is whole: other versions of this page, and people, write there too. */
function readKept(text: string | null): Pick<Unsaved, "at" | "changes"> | null {
  try {
    const { at, changes } = JSON.parse(text ?? "") as { at: unknown; changes: unknown };
    if (typeof at !== "string" || Number.isNaN(Date.parse(at)) || typeof changes !== "object" || changes === null) return null;
    return Object.values(changes).every(isContent) ? { at, changes: changes as Changes } : null;
  } catch {
    return null;
  }
}

function isContent(value: unknown): value is FileContent | null {
  return (
    value === null || typeof value === "string" || (typeof value === "object" && "base64" in value && typeof value.base64 === "string")
  );
}
