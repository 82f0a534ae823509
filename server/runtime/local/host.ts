/** What this machine offers to isolate runners with: tried out once at start, not guessed. */
import { execFile } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Isolation } from "../runtime.ts";
import { openCgroups, type Cgroups } from "./cgroups.ts";
import { openRunFolders, type RunFolder, type RunFolders } from "./run-folders.ts";
import { compileSeccomp } from "../seccomp.ts";
import { etcNames, findIdRange, hostsFile, inside, runnerEnvironment, sandboxArgv, scratch } from "./sandbox.ts";
import { openZygote, type Zygote, type ZygoteConfig, type ZygoteOptions } from "./zygote.ts";

export interface Host {
  readonly isolation: Isolation;
  readonly folders: RunFolders;
  readonly cgroups: Cgroups | null;
  readonly zygote: Zygote;
  /** Whether runners run as users of their own. */
  readonly dedicatedUsers: boolean;
  nextUserId(): number;
}

export interface HostOptions {
  dataDir: string;
  /** The interpreter of the runner's virtual environment. */
  python: string;
  runnerDir: string;
  /** Told when the process that runners are forked from ended unasked. */
  onZygoteDeath(message: string): void;
}

interface Tools {
  bwrap: string;
  idRange: { first: number; count: number } | null;
}

const run = promisify(execFile);

/** Looks at the machine, prepares folders and cgroups, and starts the zygote: in a sandbox where one can be had, else plainly. */
export async function openHost(options: HostOptions): Promise<Host> {
  const isRoot = process.getuid?.() === 0;
  const folders = openRunFolders(options.dataDir, hostsFile);
  const parts = { ...options, runnerDir: realpathSync(options.runnerDir), folders, isRoot };
  const [prefixes, cgroups] = await Promise.all([preparePackage(options.python, parts.runnerDir), openCgroups()]);
  const limits = typeof cgroups === "string" ? "rlimit" : "cgroup";
  const limitWords =
    typeof cgroups === "string"
      ? `Limits are per process only: ${cgroups}.`
      : `Memory, CPU and processes are limited by cgroups v${cgroups.version}.`;
  const tools = findTools(isRoot);
  // Apart from other platforms on this machine, whose users are counted against the same limits.
  let turn = Math.floor(Math.random() * 65_536);
  const nextUserId = (range: Tools["idRange"]) => (range ? range.first + (turn++ % range.count) : (process.getuid?.() ?? 0));
  const host = (zygote: Zygote, range: Tools["idRange"], level: Isolation["level"], words: string): Host => ({
    isolation: { level, limits, detail: `${words} ${limitWords}` },
    folders,
    cgroups: typeof cgroups === "string" ? null : cgroups,
    zygote,
    dedicatedUsers: range !== null,
    nextUserId: () => nextUserId(range),
  });
  let why = typeof tools === "string" ? tools : "";
  if (typeof tools !== "string") {
    const probe = folders.create(nextUserId(tools.idRange));
    try {
      const user = tools.idRange && nextUserId(tools.idRange);
      const filter = compileSeccomp(process.arch);
      const zygote = await openZygote(sandboxed({ ...parts, prefixes, tools, limits, filter }, probe, user));
      return host(zygote, tools.idRange, "sandbox", describeSandbox(isRoot, filter !== null));
    } catch (error) {
      why = `bubblewrap does not work here (${error instanceof Error ? error.message : String(error)})`;
    } finally {
      await probe.remove();
    }
  }
  return host(await openZygote(plain({ ...parts, limits })), null, "none", `Apps are not isolated from this machine: ${why}.`);
}

/** Ends the zygote, and with it all that it started; removes folders and cgroups. */
export async function closeHost({ zygote, cgroups, folders }: Host): Promise<void> {
  await zygote.close();
  await cgroups?.close();
  await folders.close();
}

function describeSandbox(isRoot: boolean, isFiltered: boolean): string {
  const filterWords = isFiltered ? "" : ` There is no system call filter for ${process.arch}.`;
  return `Apps run in bubblewrap sandboxes, ${isRoot ? "each as a user of its own" : "in a user namespace"}.${filterWords}`;
}

function findTools(isRoot: boolean): Tools | string {
  if (process.platform !== "linux") return "sandboxes need Linux";
  const bwrap = findProgram("bwrap");
  if (!bwrap) return "bubblewrap is not installed (install the package bubblewrap and start again)";
  if (!isRoot) return { bwrap, idRange: null };
  const idRange = findIdRange(readFileSync("/proc/self/uid_map", "utf8"));
  return idRange ? { bwrap, idRange } : "this container maps no spare user ids";
}

/** Only system folders: what is named by a user's PATH might be anything, and runs as us. */
function findProgram(name: string): string | null {
  return ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"].map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/**
 * Compiles `fp_runner`, which a runner sees read-only and would compile anew at each start (8 ms of a core; where nothing can be written it still does),
 * and answers the folders outside the system's that the interpreter needs: its own, its environment's, and each that a link on the
 * way leads through.
 */
async function preparePackage(python: string, runnerDir: string): Promise<string[]> {
  const code =
    "import compileall, json, sys; compileall.compile_dir(sys.argv[1], quiet=2); print(json.dumps([sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]))";
  const { stdout } = await run(python, ["-I", "-c", code, join(runnerDir, "fp_runner")], { timeout: 20_000 });
  const found = new Set<string>(JSON.parse(stdout) as string[]);
  let hop = python;
  for (let step = 0; step < 20; step++) {
    found.add(dirname(dirname(hop)));
    if (!lstatSync(hop).isSymbolicLink()) break;
    const target = readlinkSync(hop);
    hop = isAbsolute(target) ? target : resolve(dirname(hop), target);
  }
  return [...found].filter((path) => path !== "/" && path !== "/usr" && !path.startsWith("/usr/")).sort();
}

interface ZygoteParts extends HostOptions {
  folders: RunFolders;
  isRoot: boolean;
  limits: Isolation["limits"];
}

function sandboxed(
  parts: ZygoteParts & { prefixes: readonly string[]; tools: Tools; filter: Buffer | null },
  probe: RunFolder,
  user: number | null,
): ZygoteOptions {
  const { python, runnerDir, folders, isRoot, prefixes, tools, filter } = parts;
  const links: [string, string][] = [];
  const readOnly = ["/usr"];
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    if (!existsSync(path)) continue;
    if (lstatSync(path).isSymbolicLink()) links.push([path, readlinkSync(path)]);
    else readOnly.push(path);
  }
  readOnly.push(...prefixes, ...etcNames.map((name) => `/etc/${name}`).filter((path) => existsSync(path)));
  const env = runnerEnvironment("/tmp", inside.package);
  const argv = sandboxArgv({
    bwrap: tools.bwrap,
    isRoot,
    links,
    readOnly,
    files: [
      // What the instances mount theirs over.
      [join(folders.home, "passwd"), "/etc/passwd"],
      [join(folders.home, "group"), "/etc/group"],
      [join(folders.home, "hosts"), "/etc/hosts"],
    ],
    runnerDir,
    folders: folders.root,
    env,
    command: [python, "-P", "-m", "fp_runner", "zygote"],
  });
  const config: ZygoteConfig = {
    ...zygoteConfig(parts),
    isolated: true,
    seccomp: filter?.toString("hex") ?? "",
    folders: inside.folders,
    folderInside: inside.folder,
    probe: probe.instanceId,
    user,
  };
  return { argv, env, config, socketPath: folders.zygoteSocketPath, onDeath: parts.onZygoteDeath };
}

function plain(parts: ZygoteParts): ZygoteOptions {
  const { python, runnerDir, folders } = parts;
  const env = runnerEnvironment(folders.root, runnerDir);
  const argv = [python, "-P", "-m", "fp_runner", "zygote"];
  return { argv, env, config: zygoteConfig(parts), socketPath: folders.zygoteSocketPath, onDeath: parts.onZygoteDeath };
}

function zygoteConfig({ folders, limits, isRoot }: ZygoteParts): ZygoteConfig {
  return {
    isolated: false,
    seccomp: "",
    folders: folders.root,
    folderInside: folders.root,
    ...scratch,
    rlimits: rlimitsFor(limits, isRoot),
    probe: "",
    user: null,
  };
}

/** `nproc` counts per user, so it means something only where each runner has one of its own. */
function rlimitsFor(limits: Isolation["limits"], dedicatedUsers: boolean): Record<string, [number, number]> {
  const rlimits: Record<string, [number, number]> = { nofile: [4096, 4096], core: [0, 0], fsize: [256 * 1_048_576, 256 * 1_048_576] };
  if (dedicatedUsers) rlimits["nproc"] = [256, 256];
  // Stacks of threads count as data, 8 MiB each though hardly touched: 1 GiB stops a runaway allocation and no ordinary app.
  if (limits === "rlimit") rlimits["data"] = [1024 * 1_048_576, 1024 * 1_048_576];
  return rlimits;
}
