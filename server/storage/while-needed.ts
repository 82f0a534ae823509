/**
 * Runs `begin` while at least one caller needs it; its signal aborts when the last has left.
 * @returns the function that enters; it gives the one that leaves, which may be called twice.
 */
export function whileNeeded(begin: (signal: AbortSignal) => void): () => () => void {
  let needed = 0;
  let running: AbortController | null = null;
  return () => {
    needed += 1;
    if (running === null) {
      running = new AbortController();
      begin(running.signal);
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      needed -= 1;
      if (needed > 0) return;
      running?.abort();
      running = null;
    };
  };
}
