/** Who can be killed: chosen among what runs, by what it is to the machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestPlatform } from "../platform.ts";
import { descendantsOf, findProcess, usersOf, type Process } from "./processes.ts";

/** Whose processes: the platform's number and folder. */
type Target = Pick<TestPlatform, "pid" | "dataDir">;

export const victimKinds = ["platform", "database", "runner", "pool"] as const;
export type VictimKind = (typeof victimKinds)[number];

/**
 * The processes of each kind that run now. `pool`: what runners are forked from, its sandbox included; `runner`: any process of an
 * instance, its init included, also one whose zygote is gone.
 */
export function findVictims(platform: Target): Record<VictimKind, Process[]> {
  const own = findProcess(platform.pid);
  const server = findDatabase(platform.dataDir);
  const ours = processesOf(platform).filter(({ command }) => command.includes("fp_runner"));
  const byPid = new Map(ours.map((each) => [each.pid, each]));
  // A fork has the command of the zygote: which of them is the zygote shows in its parent, the sandbox or the platform itself.
  const isPool = ({ command, parent }: Process): boolean =>
    command.includes("bwrap") || parent === platform.pid || byPid.get(parent)?.command.includes("bwrap") === true;
  return {
    platform: own ? [own] : [],
    database: server ? [server] : [],
    pool: ours.filter(isPool),
    runner: ours.filter((each) => !isPool(each)),
  };
}

/** All that belongs to a platform: what descends from it, and what uses its folder though its parent is gone. */
export function processesOf(platform: Target): Process[] {
  const found = new Map([...descendantsOf(platform.pid), ...usersOf(platform.dataDir)].map((each) => [each.pid, each]));
  found.delete(platform.pid);
  return [...found.values()];
}

export function findDatabase(dataDir: string): Process | null {
  try {
    const { pid } = JSON.parse(readFileSync(join(dataDir, "mongo/server.pid"), "utf8")) as { pid: number };
    return findProcess(pid);
  } catch {
    return null;
  }
}

/** SIGKILL; a process that has ended meanwhile has had the same. */
export function kill(victim: Process): void {
  try {
    process.kill(victim.pid, "SIGKILL");
  } catch {
    // It ended a moment ago.
  }
}
