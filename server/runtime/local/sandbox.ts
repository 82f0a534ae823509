/**
 * The command line of the sandbox that runners are forked in. Pure: what the host has goes in, the argument vector comes out. What
 * stands here is the whole of what user code can see of the machine.
 */
import { dirname } from "node:path";

/** Where things lie inside: an instance's folder, the runner's package, and, for the zygote alone, the folders of all instances. */
export const inside = { folder: "/run/fp", package: "/opt/fp", folders: "/run/instances" } as const;

/** 64 MiB of private `/tmp`, 16 MiB of shared memory: both are charged to the app's own memory limit. */
export const scratch = { tmpBytes: 64 * 1024 * 1024, shmBytes: 16 * 1024 * 1024 } as const;

/** Files and folders under /etc that Python looks at, bound where the machine has them. */
export const etcNames = [
  "ssl",
  "ca-certificates",
  "pki",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "localtime",
  "timezone",
  "mime.types",
  "protocols",
  "services",
  "alternatives",
];

export interface SandboxPlan {
  bwrap: string;
  /** Whether the platform is root: then no user namespace is made, and instances become users of their own. */
  isRoot: boolean;
  /** `/lib` and its like where they are links into /usr: path and target. */
  links: readonly (readonly [path: string, target: string])[];
  /** Shown read-only at their own path: /usr, the interpreter, its packages, files of /etc. */
  readOnly: readonly string[];
  /** Made up for the sandbox, shown read-only: host path and path inside. */
  files: readonly (readonly [source: string, path: string])[];
  /** The folder that holds `fp_runner`. */
  runnerDir: string;
  /** The folder of all instances' folders on the host. */
  folders: string;
  env: Readonly<Record<string, string>>;
  command: readonly string[];
}

/** What it takes to give forks namespaces, mounts, a user and a loopback of their own; each fork gives all of it up. */
const zygoteCapabilities = ["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_NET_ADMIN"];

/**
 * Builds the `bwrap` command line of the zygote. It keeps the machine's PID namespace, so that instances outlive it, and no
 * process of others is visible to it but by number; what each instance sees is narrowed further in `fp_runner/isolate.py`.
 */
export function sandboxArgv(plan: SandboxPlan): string[] {
  const argv = [plan.bwrap, "--die-with-parent", "--new-session", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--hostname", "app"];
  if (!plan.isRoot) argv.push("--unshare-user");
  argv.push("--cap-drop", "ALL");
  for (const capability of zygoteCapabilities) argv.push("--cap-add", capability);
  for (const [path, target] of plan.links) argv.push("--symlink", target, path);
  // In a user namespace a new /proc can be mounted only where an unmasked one is seen.
  argv.push(...(plan.isRoot ? ["--proc", "/proc"] : ["--bind", "/proc", "/proc"]), "--dev", "/dev");
  // What instances mount over. Before the binds, which may lie below /tmp; bwrap itself would make the folders on the way root's alone.
  argv.push("--perms", "1777", "--dir", "/tmp");
  const ways = [...plan.readOnly, ...plan.files.map(([, path]) => path), inside.package, inside.folder, inside.folders];
  for (const path of parentsOf(ways)) if (path !== "/tmp") argv.push("--dir", path);
  for (const path of plan.readOnly) argv.push("--ro-bind", path, path);
  argv.push("--dir", "/var", "--symlink", "/tmp", "/var/tmp");
  for (const [source, path] of plan.files) argv.push("--ro-bind", source, path);
  argv.push("--ro-bind", plan.runnerDir, inside.package, "--dir", inside.folder, "--bind", plan.folders, inside.folders);
  // In a user namespace the root and /dev belong to the app: without this it could fill memory that no limit counts.
  argv.push("--remount-ro", "/dev", "--remount-ro", "/");
  argv.push("--chdir", "/tmp", "--clearenv");
  for (const [name, value] of Object.entries(plan.env)) argv.push("--setenv", name, value);
  return [...argv, "--", ...plan.command];
}

/** Every folder above these paths, the outer before the inner. */
function parentsOf(paths: readonly string[]): string[] {
  const parents = new Set<string>();
  for (const path of paths) for (let parent = dirname(path); parent !== "/"; parent = dirname(parent)) parents.add(parent);
  return [...parents].sort();
}

/** The environment a runner starts with: nothing of the platform's own. The app's variables come with the claim. */
export function runnerEnvironment(home: string, packageDir: string): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    TMPDIR: home,
    LANG: "C.UTF-8",
    PYTHONPATH: packageDir,
    PYTHONUNBUFFERED: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONNOUSERSITE: "1",
  };
}

/** `passwd` and `group` of a sandbox, so that looking up the own user works. */
export function accountFiles(id: number): { passwd: string; group: string } {
  return {
    passwd: `root:x:0:0:root:/:/usr/sbin/nologin\napp:x:${id}:${id}:app:/tmp:/usr/sbin/nologin\n`,
    group: `root:x:0:\napp:x:${id}:\n`,
  };
}

export const hostsFile = "127.0.0.1 localhost app\n::1 localhost\n";

/**
 * Where dedicated user ids start, from `/proc/self/uid_map`: high above what a system gives to people, or, inside a container
 * that maps only some, the last that it has. Null: none to spare, so runners cannot be told apart by user.
 */
export function findIdRange(uidMap: string): { first: number; count: number } | null {
  const wanted = { first: 1_879_048_192, count: 65_536 };
  let best: { first: number; count: number } | null = null;
  for (const line of uidMap.trim().split("\n")) {
    const [first, , length] = line.trim().split(/\s+/).map(Number);
    if (first === undefined || length === undefined || Number.isNaN(first) || Number.isNaN(length)) continue;
    const end = first + length;
    if (first <= wanted.first && end >= wanted.first + wanted.count) return wanted;
    const from = Math.max(first, 20_000, end - 30_000);
    if (end - from >= 256 && (!best || end - from > best.count)) best = { first: from, count: end - from };
  }
  return best;
}
