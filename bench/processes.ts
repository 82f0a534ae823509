/** What processes use, from /proc: to wait until a platform has nothing to do. Linux only. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Kernel ticks are 10 ms; a runner that waits uses none, and one that waits for a busy processor shows as runnable. */
const quietTicks = 1;
const sampleMs = 50;
const quietSamples = 5;
const longestWaitMs = 20_000;

/**
 * Resolves when `pid` and all it started have used next to no CPU for a quarter of a second: runners are warm, batches are written.
 * @throws Error after 20 s.
 */
export async function whenQuiet(pid: number): Promise<void> {
  let before = lookAtTree(pid);
  let quiet = 0;
  for (const until = performance.now() + longestWaitMs; performance.now() < until;) {
    await delay(sampleMs);
    const now = lookAtTree(pid);
    quiet = !now.runnable && Math.abs(now.ticks - before.ticks) <= quietTicks ? quiet + 1 : 0;
    before = now;
    if (quiet >= quietSamples) return;
  }
  throw new Error("the platform does not come to rest");
}

/** `root` and all that it started and that lives, with the fields of each one's `/proc/<pid>/stat` from its state on. */
function readTree(root: number): Map<number, string[]> {
  const children = new Map<number, number[]>();
  const stats = new Map<number, string[]>();
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? readStat(name) : null;
    if (!fields) continue;
    const parent = Number(fields[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    stats.set(Number(name), fields);
  }
  const tree = new Map<number, string[]>();
  for (const pending = [root]; pending.length > 0;) {
    const pid = pending.pop()!;
    const fields = stats.get(pid);
    if (fields) tree.set(pid, fields);
    pending.push(...(children.get(pid) ?? []));
  }
  return tree;
}

/** The ids of all processes that `root` started, directly or not, and that live. */
export const findDescendants = (root: number): number[] => [...readTree(root).keys()].filter((pid) => pid !== root);

/** User and system time of a process and its descendants that live, and whether one of the descendants wants a processor now. */
function lookAtTree(root: number): { ticks: number; runnable: boolean } {
  const seen = { ticks: 0, runnable: false };
  for (const [pid, [state, , , , , , , , , , , user, system]] of readTree(root)) {
    seen.ticks += Number(user ?? 0) + Number(system ?? 0);
    // R runs, D waits for a disk: neither is a runner that waits for its app.
    seen.runnable ||= pid !== root && (state === "R" || state === "D");
  }
  return seen;
}

/** Linux counts in hundredths of a second whatever its own clock does. */
const ticksPerSecond = 100;

/** User and system time that a process has used, all its threads together. */
export function cpuSeconds(pid: number): number {
  const fields = readStat(String(pid));
  if (!fields) throw new Error(`process ${pid} has ended`);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** What follows the command's name, which may hold spaces and parentheses. */
function readStat(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
