/** Milliseconds in the unit that reads best, with as many figures as are needed to compare: `8 ms`, `240 ms`, `1.4 s`, `12 s`, `2 min`. */
export function formatMs(ms: number): string {
  if (ms < 1) return "< 1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s` : `${Math.round(ms / 60_000)} min`;
}
