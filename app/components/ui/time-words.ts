const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago `at` was at `nowMs`, or how far ahead it lies, in words. After 30 days it is the date. */
export function formatRelativeTime(at: string, nowMs: number): string {
  const elapsed = nowMs - Date.parse(at);
  const distance = Math.abs(elapsed);
  // A clock that is a few seconds off must not write "in 3 s".
  if (distance < 45_000) return "just now";
  if (distance >= 30 * day) return at.slice(0, 10);
  const words =
    distance < hour
      ? `${Math.max(1, Math.round(distance / minute))} min`
      : distance < day
        ? `${Math.round(distance / hour)} h`
        : plural(Math.round(distance / day), "day");
  return elapsed < 0 ? `in ${words}` : `${words} ago`;
}

/** The exact time to the second, in `timeZone` (the reader's own when absent). */
export function formatExactTime(at: string, timeZone?: string): string {
  return (
    new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", ...(timeZone !== undefined ? { timeZone } : {}) }).format(
      new Date(at),
    ) + (timeZone === "UTC" ? " UTC" : "")
  );
}

/** "1 day", "3 days". */
export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
