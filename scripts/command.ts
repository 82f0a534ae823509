/** What the commands of package.json have in common: a refusal is one plain line and an exit code. */
import { AppError } from "#core/contract/problem.ts";

/** Runs a command; what it throws is printed, and the process ends with 1. */
export async function runCommand(command: (print: (line: string) => void) => Promise<void>): Promise<void> {
  try {
    await command((line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    const expected = error instanceof AppError || (error instanceof Error && error.constructor === Error);
    process.stderr.write(`${expected ? (error as Error).message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
