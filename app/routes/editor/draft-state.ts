/** The one word on where the draft stands, and the settings in one line. Pure. */
import type { App, EnvVar } from "#core/contract/app.ts";
import { counted } from "./parts/format.ts";

export type DraftWord = "Live" | "Saved, not deployed" | "Unsaved changes";

export function draftWord(dirty: boolean, baseHash: string, deployed: App["deployed"]): DraftWord {
  if (dirty) return "Unsaved changes";
  return deployed?.hash === baseHash ? "Live" : "Saved, not deployed";
}

/** `DB: notes · 3 env · sleeps after 15 min`. */
export function settingsLine({ database, sleepAfterMinutes }: Pick<App, "database" | "sleepAfterMinutes">, env: readonly EnvVar[]): string {
  const parts = [database === null ? "No database" : `DB: ${database.name}`];
  if (env.length > 0) parts.push(counted(env.length, "env", "env"));
  parts.push(`sleeps after ${sleepAfterMinutes} min`);
  return parts.join(" · ");
}
