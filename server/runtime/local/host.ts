/** What this machine offers to isolate runners with: tried out once at start, not guessed. */
import { execFile, spawn } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Isolation } from "../runtime.ts";
import { openCgroups, type Cgroups } from "./cgroups.ts";
import { openRunFolders, type RunFolder, type RunFolders } from "./run-folders.ts";
import { compileSeccomp } from "./seccomp.ts";
import { etcNames, findIdRange, hostsFile, inside, runnerEnvironment, sandboxArgv } from "./sandbox.ts";

/** The launcher leaves the opened filter at this descriptor. */
export const seccompFd = 5;

export interface Host {
  readonly isolation: Isolation;
  readonly folders: RunFolders;
  readonly cgroups: Cgroups | null;
  readonly seccompPath: string | null;
  /** Whether runners run as users of their own. */
  readonly dedicatedUsers: boolean;
  nextUserId(): number;
  /** The command that runs `command` of Python in `folder`'s sandbox, or plainly where there is none. */
  commandFor(folder: RunFolder, userId: number, args: readonly string[]): { argv: string[]; env: Record<string, string> };
}

export interface HostOptions {
  dataDir: string;
  /** The interpreter of the runner's virtual environment. */
  python: string;
  runnerDir: string;
}

interface Tools {
  bwrap: string;
  setpriv: string | null;
  idRange: { first: number; count: number } | null;
}

const run = promisify(execFile);

/** Looks at the machine and prepares folders, cgroups and the filter. */
export async function openHost(options: HostOptions): Promise<Host> {
  const runnerDir = realpathSync(options.runnerDir);
  const folders = openRunFolders(options.dataDir, hostsFile);
  const [prefixes, cgroups] = await Promise.all([preparePackage(options.python, runnerDir), openCgroups()]);
  const filter = compileSeccomp(process.arch);
  const seccompPath = filter ? join(dirname(folders.hostsPath), "seccomp.bpf") : null;
  if (filter && seccompPath) writeFileSync(seccompPath, filter);
  const isRoot = process.getuid?.() === 0;
  const found = findTools(isRoot);
  // Apart from other platforms on this machine, whose users are counted against the same limits.
  let turn = Math.floor(Math.random() * 65_536);
  const build = (tools: Tools | null) => (folder: RunFolder, userId: number, args: readonly string[]) =>
    tools
      ? sandboxed(
          { python: options.python, runnerDir, prefixes, hostsPath: folders.hostsPath, tools, isRoot, filtered: filter !== null },
          folder,
          userId,
          args,
        )
      : plain(options.python, runnerDir, folder, args);
  const host = (tools: Tools | null, detail: string): Host => ({
    isolation: {
      level: tools ? "sandbox" : "none",
      limits: typeof cgroups === "string" ? "rlimit" : "cgroup",
      detail:
        typeof cgroups === "string"
          ? `${detail} Limits are per process only: ${cgroups}.`
          : `${detail} Memory, CPU and processes are limited by cgroups v${cgroups.version}.`,
    },
    folders,
    cgroups: typeof cgroups === "string" ? null : cgroups,
    seccompPath: tools ? seccompPath : null,
    dedicatedUsers: tools !== null && isRoot,
    nextUserId: () => (tools?.idRange && isRoot ? tools.idRange.first + (turn++ % tools.idRange.count) : (process.getuid?.() ?? 0)),
    commandFor: build(tools),
  });
  if (typeof found === "string") return host(null, `Apps are not isolated from this machine: ${found}.`);
  const failure = await probe(host(found, ""), seccompPath);
  if (failure) return host(null, `Apps are not isolated from this machine: bubblewrap does not work here (${failure}).`);
  const how = isRoot ? "each as a user of its own" : "in a user namespace";
  const filterWords = filter ? "" : ` There is no system call filter for ${process.arch}.`;
  return host(found, `Apps run in bubblewrap sandboxes, ${how}.${filterWords}`);
}

function findTools(isRoot: boolean): Tools | string {
  if (process.platform !== "linux") return "sandboxes need Linux";
  const bwrap = findProgram("bwrap");
  if (!bwrap) return "bubblewrap is not installed (install the package bubblewrap and start again)";
  if (!isRoot) return { bwrap, setpriv: null, idRange: null };
  const setpriv = findProgram("setpriv");
  if (!setpriv) return "setpriv is not installed (install the package util-linux and start again)";
  const idRange = findIdRange(readFileSync("/proc/self/uid_map", "utf8"));
  if (!idRange) return "this container maps no spare user ids";
  return { bwrap, setpriv, idRange };
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

interface SandboxParts {
  python: string;
  runnerDir: string;
  prefixes: readonly string[];
  hostsPath: string;
  tools: Tools;
  isRoot: boolean;
  filtered: boolean;
}

function sandboxed(
  parts: SandboxParts,
  folder: RunFolder,
  userId: number,
  args: readonly string[],
): { argv: string[]; env: Record<string, string> } {
  const { tools, prefixes, runnerDir } = parts;
  const links: [string, string][] = [];
  const readOnly = ["/usr"];
  for (const path of ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]) {
    if (!existsSync(path)) continue;
    if (lstatSync(path).isSymbolicLink()) links.push([path, readlinkSync(path)]);
    else readOnly.push(path);
  }
  readOnly.push(...prefixes, ...etcNames.map((name) => `/etc/${name}`).filter((path) => existsSync(path)));
  const argv = sandboxArgv({
    bwrap: tools.bwrap,
    identity: parts.isRoot && tools.setpriv ? { setpriv: tools.setpriv, id: userId } : null,
    links,
    readOnly,
    files: [
      [join(folder.path, "passwd"), "/etc/passwd"],
      [join(folder.path, "group"), "/etc/group"],
      [parts.hostsPath, "/etc/hosts"],
    ],
    runnerDir,
    folder: folder.path,
    seccompFd: parts.filtered ? seccompFd : null,
    env: runnerEnvironment("/tmp", inside.package),
    command: [parts.python, "-P", ...args],
  });
  return { argv, env: runnerEnvironment("/tmp", inside.package) };
}

function plain(
  python: string,
  runnerDir: string,
  folder: RunFolder,
  args: readonly string[],
): { argv: string[]; env: Record<string, string> } {
  return { argv: [python, "-P", ...args], env: runnerEnvironment(folder.path, runnerDir) };
}

/** Runs Python in a sandbox as runners are; returns what went wrong. */
async function probe(host: Host, seccompPath: string | null): Promise<string | null> {
  const userId = host.nextUserId();
  const folder = host.folders.create(userId);
  try {
    const { argv, env } = host.commandFor(folder, userId, ["-c", "import fp_runner"]);
    // The shell opens the filter where the launcher would.
    const redirect = seccompPath ? `exec "$@" ${seccompFd}<${JSON.stringify(seccompPath).replace(/[$`]/g, "\\$&")}` : 'exec "$@"';
    const child = spawn("/bin/sh", ["-c", redirect, "sh", ...argv], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => void (words = (words + chunk.toString()).slice(-600)));
    const code = await new Promise<number | null>((done, fail) => {
      child.on("error", fail);
      child.on("close", done);
    });
    return code === 0 ? null : words.trim().split("\n").at(-1) || `exit code ${code}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await folder.remove();
  }
}
