/** Telling one process from another that was given the same number, and ending it. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** A process as it can be recognised later: numbers are reused, a number with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

/** The start time of `pid` in whatever unit the system gives, or null when there is no such process (a zombie counts as none). */
export function findStartTime(pid: number): string | null {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // The command may hold spaces and parentheses, so fields are counted after its last one: state is the 3rd, start time the 22nd.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" ? null : (fields[19] ?? null);
    }
    return (
      execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim() || null
    );
  } catch {
    return null;
  }
}

/** The living processes that were started with `argument`, whatever was written down about them. Linux only: elsewhere there are none. */
export function findByArgument(argument: string): ProcessIdentity[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").flatMap((name) => {
    try {
      if (!/^\d+$/.test(name) || !readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").includes(argument)) return [];
      return [identifyProcess(Number(name))];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}

/** Identifies a living process. @throws Error when it is gone already. */
export function identifyProcess(pid: number): ProcessIdentity {
  const startedAt = findStartTime(pid);
  if (startedAt === null) throw new Error(`Process ${pid} is gone`);
  return { pid, startedAt };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return findStartTime(identity.pid) === identity.startedAt;
}

/** Asks the process to end, waits up to `patienceMs`, then kills it. Resolves when it is gone; false if it had to be killed. */
export async function endProcess(identity: ProcessIdentity, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  signal(identity, "SIGTERM");
  while (isAlive(identity)) {
    if (Date.now() > deadline) {
      signal(identity, "SIGKILL");
      while (isAlive(identity)) await sleep(20);
      return false;
    }
    await sleep(20);
  }
  return true;
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, name);
  } catch (error) {
    // It went between the two lines.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
