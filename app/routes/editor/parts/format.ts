/** Figures as the editor writes them. */

/** Milliseconds in the unit that reads best: `8 ms`, `240 ms`, `1.4 s`, `2 min`. */
export function formatMs(ms: number): string {
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** `one` or `many` after the number. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
