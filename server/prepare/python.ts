/** The Python environment of the runner: found, or made once per lock file and interpreter. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { findOnPath, type Progress } from "#server/storage/embedded/index.ts";
import { shortHash, withLock } from "./cache.ts";

export interface PythonOptions {
  /** Holds requirements.lock. */
  runnerDir: string;
  cacheDir: string;
  environment: NodeJS.ProcessEnv;
  progress: Progress;
  signal: AbortSignal;
}

interface Interpreter {
  path: string;
  version: string;
}

/** Newest first, so that a machine whose `python3` is old and which has a newer one beside it works. */
const candidates = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
const leastMinor = 11;

/**
 * Gives the interpreter of a virtual environment that holds exactly what the lock file says.
 * Interrupted anywhere, the next call begins the environment anew with the downloads that were complete.
 * @throws Error naming the missing system package with the line that installs it, or with pip's last words.
 */
export async function preparePython(options: PythonOptions): Promise<string> {
  const { cacheDir, environment, progress, signal } = options;
  const lockPath = join(options.runnerDir, "requirements.lock");
  const lock = await readFile(lockPath);
  const interpreter = await findInterpreter(environment);
  const folder = join(cacheDir, `venv-${shortHash(lock, interpreter.path, interpreter.version)}`);
  const python = join(folder, "bin", "python");
  const complete = join(folder, ".complete");
  if (await exists(complete)) return python;
  return withLock(
    `${folder}.lock`,
    async () => {
      if (await exists(complete)) return python;
      progress({ detail: `making the environment with Python ${interpreter.version}`, fraction: 0 });
      // A half-installed package can look whole to pip, so nothing of an interrupted environment is kept but its downloads.
      await rm(folder, { recursive: true, force: true });
      await makeEnvironment(interpreter, folder, environment, signal);
      await install(python, lockPath, countRequirements(lock.toString()), options);
      await writeFile(complete, `${interpreter.version}\n`);
      return python;
    },
    () => progress({ detail: "waiting for another start that is installing them" }),
    signal,
  );
}

/** The number of pinned packages in a lock file. */
export function countRequirements(lock: string): number {
  return lock.split("\n").filter((line) => /^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*==/.test(line)).length;
}

/** @throws Error with the line that installs Python. */
export async function findInterpreter(environment: NodeJS.ProcessEnv): Promise<Interpreter> {
  let old: string | undefined;
  for (const name of environment["PYTHON"] ? [environment["PYTHON"]] : candidates) {
    const path = name.includes("/") ? name : await findOnPath(name, environment);
    if (!path) continue;
    const probe = "import sys, sysconfig; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))";
    const answer = await promisify(execFile)(path, ["-I", "-c", probe], { env: environment }).catch(() => null);
    const [executable, version] = answer?.stdout.trim().split("\n") ?? [];
    if (!executable || !version) continue;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major === 3 && minor >= leastMinor) return { path: executable, version };
    old ??= version;
  }
  throw new Error(
    `Python 3.${leastMinor} or newer is needed${old ? ` (here is ${old})` : " and is not on PATH"}: apt-get install -y python3 python3-venv` +
      (process.platform === "darwin" ? "   (macOS: brew install python)" : ""),
  );
}

async function makeEnvironment(
  interpreter: Interpreter,
  folder: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<void> {
  try {
    await promisify(execFile)(interpreter.path, ["-m", "venv", folder], { env: pythonEnvironment(environment), signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const said = `${(error as { stdout?: string }).stdout ?? ""}${(error as { stderr?: string }).stderr ?? ""}`.trim();
    throw new Error(
      `Python ${interpreter.version} cannot make a virtual environment; on Debian and Ubuntu: apt-get install -y python3-venv\n${said}`,
      { cause: error },
    );
  }
}

async function install(python: string, lockPath: string, total: number, options: PythonOptions): Promise<void> {
  const { progress, signal } = options;
  const child = spawn(
    python,
    [
      ...["-m", "pip", "install", "--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", lockPath],
      ...["--cache-dir", join(options.cacheDir, "pip"), "--disable-pip-version-check", "--no-input", "--progress-bar", "off"],
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: pythonEnvironment(options.environment), signal },
  );
  const tail: string[] = [];
  let collected = 0;
  const hear = (line: string): void => {
    tail.push(line);
    if (tail.length > 15) tail.shift();
    const collecting = /^Collecting (\S+)/.exec(line);
    if (collecting) {
      collected += 1;
      progress({
        detail: `${collecting[1]!.replace(/==.*/, "")} (${collected} of ${total})`,
        fraction: Math.min(0.85, (0.85 * collected) / Math.max(1, total)),
      });
    } else if (line.startsWith("Installing collected packages")) progress({ detail: "unpacking and compiling", fraction: 0.88 });
  };
  createInterface({ input: child.stdout }).on("line", hear);
  createInterface({ input: child.stderr }).on("line", hear);
  const [code] = (await once(child, "close")) as [number | null];
  signal.throwIfAborted();
  if (code !== 0) throw new Error(`Installing the Python packages failed:\n${tail.join("\n")}`);
}

/** Another environment's settings must not leak into ours. */
function pythonEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PYTHONHOME: _home, PYTHONPATH: _path, VIRTUAL_ENV: _venv, PIP_TARGET: _target, PIP_USER: _user, ...rest } = environment;
  return rest;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
