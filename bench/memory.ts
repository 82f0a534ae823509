/** What processes weigh, in MB (10^6 bytes), as the kernel accounts for it. Linux only; of other users' processes only as root. */
import { readFileSync } from "node:fs";
import { findDescendants } from "./processes.ts";

export interface Weight {
  /** Pages in memory, each counted in full in every process that shares it. */
  resident: number;
  /** Pages that would be free if this process alone ended. */
  own: number;
  /** `own`, and its part of each page that it shares: over all processes these add up to what is used. */
  proportional: number;
}

const none: Weight = { resident: 0, own: 0, proportional: 0 };

/** @throws Error when the process has ended. */
export function weigh(pid: number): Weight {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const field = (name: string): number => (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? Number.NaN) * 1_024) / 1e6;
  return { resident: field("Rss"), own: field("Private_Clean") + field("Private_Dirty"), proportional: field("Pss") };
}

/** All that `root` started, without itself and what says `except` in its command line, added up; those that end meanwhile weigh nothing. */
export function weighDescendants(root: number, except: RegExp): Weight {
  const sum = { ...none };
  for (const pid of findDescendants(root)) {
    const weight = except.test(readCommand(pid)) ? null : tryWeigh(pid);
    for (const field of ["resident", "own", "proportional"] as const) sum[field] += weight?.[field] ?? 0;
  }
  return sum;
}

/** The process below `root` that says `word` in its command line, if there is one; of several, the heaviest. */
export function weighNamed(root: number, word: RegExp): Weight | null {
  const found = findDescendants(root).filter((pid) => word.test(readCommand(pid)));
  return found.map((pid) => tryWeigh(pid) ?? none).sort((left, right) => right.resident - left.resident)[0] ?? null;
}

function tryWeigh(pid: number): Weight | null {
  try {
    const weight = weigh(pid);
    // A process that is ending has no pages any more.
    return Number.isNaN(weight.proportional) ? null : weight;
  } catch {
    return null;
  }
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}
