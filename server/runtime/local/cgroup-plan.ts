/** Where a runner's cgroups lie and what is written into them, for versions 1 and 2. Pure: texts of /proc in, paths and values out. */
import { join } from "node:path";
import type { InstanceLimits } from "../runtime.ts";

export const controllers = ["memory", "cpu", "pids"] as const;
export type Controller = (typeof controllers)[number];

/** The folders of the platform's own cgroup: one per controller in version 1, one for all in version 2. */
export type CgroupHome = { version: 1; folders: Readonly<Record<Controller, string>> } | { version: 2; folder: string };

/** One controller's own place, from `/proc/self/mountinfo` and `/proc/self/cgroup`; null where it is not mounted as expected. */
export function findCgroupHome(mountinfo: string, selfCgroup: string): CgroupHome | null {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const [before, after] = line.split(" - ");
    const fields = before?.split(" ") ?? [];
    const [type, , options] = after?.split(" ") ?? [];
    const root = fields[3];
    const path = fields[4];
    return type?.startsWith("cgroup") && root && path
      ? [{ type, root, path: unescapeMount(path), options: (options ?? "").split(",") }]
      : [];
  });
  const own = selfCgroup
    .trim()
    .split("\n")
    .map((line) => line.split(":"));
  const version1: Partial<Record<Controller, string>> = {};
  for (const controller of controllers) {
    const mount = mounts.find((entry) => entry.type === "cgroup" && entry.options.includes(controller));
    const path = own
      .find(([, names]) => names?.split(",").includes(controller))
      ?.slice(2)
      .join(":");
    if (mount && path !== undefined) version1[controller] = join(mount.path, relativeTo(mount.root, path));
  }
  const { memory, cpu, pids } = version1;
  if (memory && cpu && pids) return { version: 1, folders: { memory, cpu, pids } };
  const unified = mounts.find((entry) => entry.type === "cgroup2");
  const path = own
    .find(([number, names]) => number === "0" && names === "")
    ?.slice(2)
    .join(":");
  if (!unified || path === undefined) return null;
  return { version: 2, folder: join(unified.path, relativeTo(unified.root, path)) };
}

/** A mount may show only part of the hierarchy (in containers): the path counts from what it shows. */
function relativeTo(root: string, path: string): string {
  if (path === "/") return "";
  if (root === "/") return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** One value and the file it is written to. `optional`: kernels without swap accounting lack the file. */
export interface CgroupWrite {
  controller: Controller;
  file: string;
  value: string;
  optional?: boolean;
}

const periodMicroseconds = 100_000;

/** What enforces `limits`. Order matters in version 1: the limit with swap may not be below the one without, so it goes up first and down last. */
export function limitWrites(version: 1 | 2, limits: Pick<InstanceLimits, "memoryMiB" | "cpus" | "processes">): CgroupWrite[] {
  const bytes = String(Math.round(limits.memoryMiB) * 1_048_576);
  const quota = String(Math.max(1_000, Math.round(limits.cpus * periodMicroseconds)));
  const tasks = String(limits.processes);
  if (version === 1) {
    return [
      { controller: "memory", file: "memory.memsw.limit_in_bytes", value: "-1", optional: true },
      { controller: "memory", file: "memory.limit_in_bytes", value: bytes },
      { controller: "memory", file: "memory.memsw.limit_in_bytes", value: bytes, optional: true },
      { controller: "cpu", file: "cpu.cfs_period_us", value: String(periodMicroseconds) },
      { controller: "cpu", file: "cpu.cfs_quota_us", value: quota },
      { controller: "pids", file: "pids.max", value: tasks },
    ];
  }
  return [
    { controller: "memory", file: "memory.max", value: bytes },
    { controller: "memory", file: "memory.swap.max", value: "0", optional: true },
    { controller: "memory", file: "memory.oom.group", value: "1", optional: true },
    { controller: "cpu", file: "cpu.max", value: `${quota} ${periodMicroseconds}` },
    { controller: "pids", file: "pids.max", value: tasks },
  ];
}

/**
 * What all instances together weigh against the machine's other processes: as many of these as there are cores. With the usual
 * weight, that of one, a wake beside a busy build took six times as long; with more, apps that burn all cores would crowd out the platform.
 */
export function familyWeight(version: 1 | 2, cores: number): CgroupWrite {
  return version === 1
    ? { controller: "cpu", file: "cpu.shares", value: String(Math.min(262_144, 1_024 * cores)) }
    : { controller: "cpu", file: "cpu.weight", value: String(Math.min(10_000, 100 * cores)) };
}

/** The files that say what an instance used, and how their text is read. */
export const memoryFiles = {
  1: { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes", events: "memory.oom_control" },
  2: { limit: "memory.max", peak: "memory.peak", events: "memory.events" },
} as const;

/** The files that say what was refused to an instance; `pids.events` came with Linux 4.2, and both versions' `cpu.stat` with 3.x. */
export const pressureFiles = { processes: "pids.events", processLimit: "pids.max", cpu: "cpu.stat" } as const;

/** What an instance was refused since it began. */
export interface Pressure {
  /** Processes and threads that could not be started at `processLimit`. */
  forksRefused: number;
  processLimit: number;
  /** Periods (of 100 ms) in which it ran, and in which it used up its share of the CPU and had to wait. */
  cpuPeriods: number;
  cpuThrottledPeriods: number;
  /** How long it waited, over all its threads. */
  cpuThrottledSeconds: number;
}

/** Out of the texts of `pressureFiles`; what is not there is 0. */
export function parsePressure(texts: { processes: string; processLimit: string; cpu: string }): Pressure {
  const find = (text: string, name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
  // Version 2 counts in microseconds, version 1 in nanoseconds.
  const waited = /^throttled_usec /m.test(texts.cpu) ? find(texts.cpu, "throttled_usec") / 1e6 : find(texts.cpu, "throttled_time") / 1e9;
  return {
    forksRefused: find(texts.processes, "max"),
    processLimit: Number(texts.processLimit.trim()) || 0,
    cpuPeriods: find(texts.cpu, "nr_periods"),
    cpuThrottledPeriods: find(texts.cpu, "nr_throttled"),
    cpuThrottledSeconds: waited,
  };
}

/** Kills for memory out of `memory.oom_control` or `memory.events`. */
export function parseKills(events: string): number {
  const match = /^oom_kill (\d+)$/m.exec(events);
  return match ? Number(match[1]) : 0;
}
