/** Processes told apart beyond reuse of their numbers: a number together with its start time. */
import { readFileSync } from "node:fs";

/** Start time of a process in clock ticks since boot, or null when there is none (or no /proc). */
export function findStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything; fields are counted from its end, and start time is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Ends a process at once if it is still the one that was started then. */
export function killIfSame(pid: number, startTime: string): void {
  if (!Number.isInteger(pid) || pid <= 1 || findStartTime(pid) !== startTime) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}
