import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a command with this terminal and gives its exit code; a signal to this process is passed on, and its end is awaited. */
export async function runToEnd(program: string, rest: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(program, rest, { stdio: "inherit", env: environment });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, pass);
  const [code] = (await once(child, "exit")) as [number | null];
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, pass);
  return code ?? 1;
}
