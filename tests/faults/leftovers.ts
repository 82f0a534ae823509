/** What a platform may leave behind, looked for from outside: processes, sockets, folders, cgroups, ports. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { usersOf, type Process } from "./processes.ts";

const cgroupRoots = ["/sys/fs/cgroup", ...["memory", "cpu", "cpu,cpuacct", "pids"].map((name) => `/sys/fs/cgroup/${name}`)];

/** The cgroup folders that platforms with these process numbers made, wherever they lie. */
export function cgroupsOf(pids: readonly number[]): string[] {
  return findFamilies().flatMap((family) =>
    readdirSync(family)
      .filter((name) => pids.includes(Number(name.split("-")[1])))
      .map((name) => join(family, name)),
  );
}

/** `fastapi-platform` folders, down to the depth at which containers and services sit. */
function findFamilies(): string[] {
  const found = new Set<string>();
  const look = (folder: string, depth: number): void => {
    let names: string[];
    try {
      names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));
    } catch {
      return;
    }
    for (const name of names) {
      if (name === "fastapi-platform") found.add(join(folder, name));
      else if (depth > 0) look(join(folder, name), depth - 1);
    }
  };
  for (const root of cgroupRoots) look(root, 4);
  return [...found];
}

/** Unix sockets of this network namespace that are bound below `folder`. */
export function socketsBelow(folder: string): string[] {
  return readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? [])
    .filter((path) => path.startsWith(`${folder}/`));
}

/** Folders of instances below `dataDir/run`. */
export function instanceFolders(dataDir: string): string[] {
  const run = join(dataDir, "run");
  return existsSync(run) ? readdirSync(run).filter((name) => /^[0-9a-f]{16}$/.test(name)) : [];
}

/** Sockets whose folder is gone: somebody still listens where nobody can reach him. */
export function orphanSockets(dataDir: string): string[] {
  const known = new Set(instanceFolders(dataDir));
  return socketsBelow(join(dataDir, "run")).filter((path) => {
    const owner = basename(dirname(path));
    return /^[0-9a-f]{16}$/.test(owner) && !known.has(owner);
  });
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

export interface Traces {
  dataDir: string;
  /** The temporary folder that this platform alone was given. */
  temporary: string;
  /** Every process number the platform itself ever had. */
  pids: readonly number[];
  ports: readonly number[];
}

/** Everything that should be gone when a platform has stopped, in words; empty when it is. */
export async function findLeftovers({ dataDir, temporary, pids, ports }: Traces): Promise<string[]> {
  const say = (process: Process): string => `process ${process.pid}: ${process.command}`;
  const open = await Promise.all(ports.map(async (port) => ((await listens(port)) ? [`port ${port} is open`] : [])));
  return [
    ...usersOf(dataDir).map(say),
    ...socketsBelow(dataDir).map((path) => `socket ${path}`),
    ...instanceFolders(dataDir).map((name) => `folder run/${name}`),
    ...readdirSync(temporary).map((name) => `temporary ${name}`),
    ...cgroupsOf(pids).map((path) => `cgroup ${path}`),
    ...open.flat(),
  ];
}
