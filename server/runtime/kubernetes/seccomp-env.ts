/** How a pod is told the system call filter of its runner: it may be of either architecture, which is known when it starts. */
import { compileSeccomp } from "../seccomp.ts";

/** Python's `platform.machine()` on the left. */
const machines = { x86_64: "x64", aarch64: "arm64" } as const;

/** The value of `FP_SECCOMP`: JSON of classic BPF in base64 per machine. The same text each time, so that templates are equal. */
export function seccompEnvironment(): string {
  const filters = Object.entries(machines).map(([machine, architecture]) => {
    const filter = compileSeccomp(architecture);
    if (!filter) throw new Error(`no system call filter for ${architecture}`);
    return [machine, filter.toString("base64")];
  });
  return JSON.stringify(Object.fromEntries(filters));
}
