/** The processes of a platform as the machine sees them: from /proc alone, whatever the platform believes. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Process {
  pid: number;
  parent: number;
  /** Numbers are reused; a number with its start time is not. */
  startedAt: string;
  command: string;
}

/** Every process of the machine that has not ended; one that goes meanwhile is left out. */
export function listProcesses(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => findProcess(Number(name)) ?? []);
}

export function findProcess(pid: number): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(fields[1]), startedAt: fields[19]!, command };
  } catch {
    return null;
  }
}

/** All that descends from `pid`, parents before their children. */
export function descendantsOf(pid: number): Process[] {
  const children = new Map<number, Process[]>();
  for (const each of listProcesses()) children.set(each.parent, [...(children.get(each.parent) ?? []), each]);
  const found: Process[] = [];
  const queue = [pid];
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    for (const child of children.get(parent) ?? []) {
      found.push(child);
      queue.push(child.pid);
    }
  }
  return found;
}

export const isAlive = ({ pid, startedAt }: Process): boolean => findProcess(pid)?.startedAt === startedAt;

/** Processes that name `folder` in their command, working folder, open files or mounts: whoever is their parent. */
export function usersOf(folder: string): Process[] {
  return listProcesses().filter(({ pid, command }) => pid !== process.pid && (command.includes(folder) || holds(pid, folder)));
}

function holds(pid: number, folder: string): boolean {
  const look = (read: () => string): boolean => {
    try {
      return read().includes(folder);
    } catch {
      return false;
    }
  };
  if (look(() => readlinkSync(`/proc/${pid}/cwd`)) || look(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8"))) return true;
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => look(() => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}
