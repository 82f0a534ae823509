/** Cgroups of runners: made before a runner exists, tightened when it is claimed, read and removed when it has ended. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { InstanceLimits } from "../runtime.ts";
import {
  controllers,
  familyWeight,
  findCgroupHome,
  limitWrites,
  memoryFiles,
  parseKills,
  parsePressure,
  pressureFiles,
  type CgroupHome,
  type Controller,
  type Pressure,
} from "./cgroup-plan.ts";
import type { MemoryUse } from "../exit-reason.ts";
import { findStartTime } from "./process-id.ts";

export interface InstanceCgroup {
  /** Puts a process in, with all that it will start. Beside everything else: the kernel takes milliseconds for each controller. */
  enter(pid: number): Promise<void>;
  limit(limits: Pick<InstanceLimits, "memoryMiB" | "cpus" | "processes">): void;
  readMemory(): MemoryUse;
  readPressure(): Pressure;
  /** Kills what is left inside and removes the folders. */
  remove(): Promise<void>;
}

export interface Cgroups {
  readonly version: 1 | 2;
  create(instanceId: string): InstanceCgroup;
  /** Removes the platform's own folders; instances must be gone. */
  close(): Promise<void>;
}

const family = "fastapi-platform";
/** Version 2 allows processes only in leaves: the platform itself moves here, beside its runners. */
const ownLeaf = "fastapi-platform-main";

/** Opens the platform's corner of the hierarchy, clearing what dead platforms left; a string says why there is none. */
export async function openCgroups(): Promise<Cgroups | string> {
  if (process.platform !== "linux") return "cgroups are a Linux facility";
  try {
    const home = findCgroupHome(readFileSync("/proc/self/mountinfo", "utf8"), readFileSync("/proc/self/cgroup", "utf8"));
    if (!home) return "no cgroup controllers for memory, cpu and pids are mounted";
    return await openIn(home);
  } catch (error) {
    return `cgroups are not writable here (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** The same for a given home; apart so that tests can point it at a folder of their own. */
export async function openIn(given: CgroupHome): Promise<Cgroups> {
  const home = given.version === 2 && basename(given.folder) === ownLeaf ? { ...given, folder: dirname(given.folder) } : given;
  const folderOf = (controller: Controller) => (home.version === 1 ? home.folders[controller] : home.folder);
  const roots = [...new Set(controllers.map(folderOf))].map((folder) => join(folder, family));
  const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  const own = `${namespace}-${process.pid}-${findStartTime(process.pid)}-${randomBytes(3).toString("hex")}`;
  if (home.version === 2) enableControllers(home.folder);
  for (const root of roots) {
    mkdirSync(root, { recursive: true });
    if (home.version === 2) enable(root);
    mkdirSync(join(root, own));
    if (home.version === 2) enable(join(root, own));
  }
  const weight = familyWeight(home.version, availableParallelism());
  for (const folder of [family, join(family, own)]) writeFileSync(join(folderOf("cpu"), folder, weight.file), weight.value);
  await Promise.all(roots.map((root) => removeStale(root, namespace)));
  const cgroups: Cgroups = {
    version: home.version,
    create: (instanceId) => createInstanceCgroup(home.version, (controller) => join(folderOf(controller), family, own, instanceId)),
    close: async () => {
      for (const root of roots) {
        await removeFolder(join(root, own));
        // Another platform may live here too: then it stays.
        tryRemove(root);
      }
    },
  };
  try {
    // A folder that can be made may still refuse its limits: better known now than at the first claim.
    const probe = cgroups.create("probe");
    probe.limit({ memoryMiB: 256, cpus: 1, processes: 64 });
    await probe.remove();
  } catch (error) {
    await cgroups.close();
    throw error;
  }
  return cgroups;
}

function enable(folder: string): void {
  writeFileSync(join(folder, "cgroup.subtree_control"), controllers.map((name) => `+${name}`).join(" "));
}

function enableControllers(folder: string): void {
  try {
    enable(folder);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
  }
  const leaf = join(folder, ownLeaf);
  mkdirSync(leaf, { recursive: true });
  for (const pid of readPids(folder)) {
    try {
      writeFileSync(join(leaf, "cgroup.procs"), pid);
    } catch {
      // It ended meanwhile, or may not be moved: then the next line says so.
    }
  }
  enable(folder);
}

function createInstanceCgroup(version: 1 | 2, folderOf: (controller: Controller) => string): InstanceCgroup {
  const folders = [...new Set(controllers.map(folderOf))];
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  const names = memoryFiles[version];
  const read = (file: string, controller: Controller = "memory") => {
    try {
      return readFileSync(join(folderOf(controller), file), "utf8").trim();
    } catch {
      return "";
    }
  };
  return {
    enter: async (pid) => {
      await Promise.all(folders.map((folder) => writeFile(join(folder, "cgroup.procs"), String(pid))));
    },
    limit: (limits) => {
      for (const write of limitWrites(version, limits)) {
        const path = join(folderOf(write.controller), write.file);
        if (write.optional && !existsSync(path)) continue;
        writeFileSync(path, write.value);
      }
    },
    readMemory: () => ({
      limitBytes: Number(read(names.limit)) || 0,
      peakBytes: Number(read(names.peak)) || 0,
      kills: parseKills(read(names.events)),
    }),
    readPressure: () =>
      parsePressure({
        processes: read(pressureFiles.processes, "pids"),
        processLimit: read(pressureFiles.processLimit, "pids"),
        cpu: read(pressureFiles.cpu, "cpu"),
      }),
    remove: async () => {
      for (const folder of folders) await removeFolder(folder);
    },
  };
}

function readPids(folder: string): string[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
}

function tryRemove(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** Kills what is inside and removes it with its children; the kernel keeps a folder busy until the last process is reaped. */
async function removeFolder(folder: string): Promise<void> {
  for (const child of listFolders(folder)) await removeFolder(join(folder, child));
  for (let attempt = 0; attempt < 60 && !tryRemove(folder); attempt++) {
    for (const pid of readPids(folder)) {
      if (Number(pid) === process.pid) return;
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
    }
    await delay(Math.min(5 * 2 ** attempt, 100));
  }
}

function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/** What a platform left that was killed: its folders carry its process's number and start time. */
async function removeStale(root: string, namespace: string): Promise<void> {
  for (const name of listFolders(root)) {
    const [owner, pid, startTime] = name.split("-");
    if (owner !== namespace || findStartTime(Number(pid)) === startTime) continue;
    await removeFolder(join(root, name));
  }
}
