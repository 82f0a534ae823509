/** What the figures were measured on. No host names or paths: results are committed. */
import { execFile } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { promisify } from "node:util";

export interface Machine {
  cores: number;
  processor: string;
  memoryGiB: number;
  kernel: string;
  node: string;
  python: string;
  /** Of the last minute, when the run began: what else the machine was doing. */
  load: number;
  /** Of the bench and all it started, both sides alike; below 0 it goes before what else runs here. Absent: 0. */
  niceness?: number;
}

export async function describeMachine(python: string): Promise<Machine> {
  const { stdout } = await promisify(execFile)(python, ["-c", "import platform; print(platform.python_version())"]);
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model.trim() || process.arch,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().replace(/-.*/, ""),
    node: process.versions.node,
    python: stdout.trim(),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

export function toSentence({ cores, processor, memoryGiB, kernel, node, python, load, niceness = 0 }: Machine): string {
  const priority = niceness === 0 ? "" : ` Both sides ran at niceness ${niceness}.`;
  return `${cores} cores (${processor}), ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, Python ${python}; load when it began: ${load.toFixed(1)}.${priority}`;
}
