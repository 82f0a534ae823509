/**
 * Whether the Python language server runs in this browser: what was chosen here, or what suits the device. It takes about 0.7 GB of
 * memory, so it is off by itself on phones and where the browser tells of less than 4 GB.
 */
const key = "fp:language-server";
const leastMemoryGB = 4;

export interface Device {
  /** `navigator.deviceMemory`; some browsers do not tell. */
  memoryGB: number | undefined;
  narrow: boolean;
}

/** What holds where nothing was chosen. Pure. */
export const suits = ({ memoryGB, narrow }: Device): boolean => !narrow && (memoryGB === undefined || memoryGB >= leastMemoryGB);

const listeners = new Set<() => void>();
/** What was chosen where nothing can be stored (private windows): good for this page. */
let unstored: "on" | "off" | null = null;

/** In the browser only. */
export function isLanguageServerOn(): boolean {
  const chosen = read() ?? unstored;
  if (chosen !== null) return chosen === "on";
  const { deviceMemory } = navigator as Navigator & { deviceMemory?: number };
  return suits({ memoryGB: deviceMemory, narrow: matchMedia("(max-width: 767px)").matches });
}

/** Remembered in this browser; whoever listens is told, other tabs too. */
export function turnLanguageServer(on: boolean): void {
  unstored = on ? "on" : "off";
  try {
    localStorage.setItem(key, unstored);
  } catch {
    // Until the page is left it holds all the same.
  }
  for (const listener of listeners) listener();
}

export function subscribeLanguageServer(listener: () => void): () => void {
  const onStorage = (event: StorageEvent) => event.key === key && listener();
  listeners.add(listener);
  addEventListener("storage", onStorage);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", onStorage);
  };
}

function read(): "on" | "off" | null {
  try {
    const stored = localStorage.getItem(key);
    return stored === "on" || stored === "off" ? stored : null;
  } catch {
    return null;
  }
}
