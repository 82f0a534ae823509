/** Counts of a run of several commands: each adds its own to the file that `FP_TEST_TOTALS` names, and the last one says all of them. */
import { readFile, writeFile } from "node:fs/promises";
import type { Counts } from "./count-reporter.ts";

/** Adds `counts` to those of the commands before, and gives all. Without such a file they are all there are. */
export async function addToTotals(counts: Counts, environment: NodeJS.ProcessEnv): Promise<Counts> {
  const path = environment["FP_TEST_TOTALS"];
  if (!path) return counts;
  const text = await readFile(path, "utf8").catch(() => "");
  const before: Counts = text === "" ? { passed: 0, failed: 0, skipped: [] } : (JSON.parse(text) as Counts);
  const all: Counts = {
    passed: before.passed + counts.passed,
    failed: before.failed + counts.failed,
    skipped: [...before.skipped, ...counts.skipped],
  };
  await writeFile(path, JSON.stringify(all));
  return all;
}
