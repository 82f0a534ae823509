/** What a waiting runner takes of the machine's memory for itself: pages that would be free if it ended. Linux only. */
import { readFile } from "node:fs/promises";

/** The process that holds a runner, with what it has started; null where it cannot be told, or has ended. */
export async function weighRunner(pid: number | null): Promise<number | null> {
  if (pid === null) return null;
  try {
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean);
    const weights = await Promise.all([String(pid), ...children].map(weigh));
    return weights.reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return null;
  }
}

async function weigh(pid: string): Promise<number> {
  const bytes = parsePrivate(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"));
  if (bytes === null) throw new Error("a process that ends has no memory");
  return bytes;
}

/** Bytes of a process's own pages, from `smaps_rollup`; null when it names none. */
export function parsePrivate(rollup: string): number | null {
  const found = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, kilobytes]) => Number(kilobytes) * 1024);
  return found.length === 0 ? null : found.reduce((sum, bytes) => sum + bytes, 0);
}
