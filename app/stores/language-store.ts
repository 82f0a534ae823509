/** How the Python language server of one editor stands. The server itself comes with Monaco; this is what the page shows of it. */
import { createStore, type StoreApi } from "zustand";

export interface LanguageState {
  /** `waiting`: it has not been started yet, since the page comes first. */
  phase: "waiting" | "off" | "starting" | "ready" | "failed";
  /** Why it failed; for a server that is ready, why it knows nothing of packages. Words for the author. */
  reason: string | null;
  /** Counts the wishes to start it again. */
  attempt: number;
  retry(): void;
}

export type LanguageStore = StoreApi<LanguageState>;

export function createLanguageStore(): LanguageStore {
  return createStore<LanguageState>((set) => ({
    phase: "waiting",
    reason: null,
    attempt: 0,
    retry: () => set(({ attempt }) => ({ attempt: attempt + 1 })),
  }));
}
