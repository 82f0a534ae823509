/** A Vitest reporter that leaves the figures of a run in the file that `FP_TEST_COUNTS` names. */
import { writeFile } from "node:fs/promises";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export interface Counts {
  passed: number;
  failed: number;
  /** One entry per skipped test: its name and why, where the test says. */
  skipped: string[];
}

export default class CountReporter implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): Promise<void> {
    const path = process.env["FP_TEST_COUNTS"];
    if (path) await writeFile(path, JSON.stringify(countTests(modules, unhandledErrors)));
  }
}

/** A file that cannot be loaded and an error outside any test are failures too: nothing that went wrong may count as nothing. */
export function countTests(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): Counts {
  const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: [] };
  for (const module of modules) {
    let failedTests = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") counts.passed += 1;
      else if (result.state === "failed") failedTests += 1;
      else
        counts.skipped.push(
          `${module.relativeModuleId} > ${test.fullName}${result.state === "skipped" && result.note ? `: ${result.note}` : ""}`,
        );
    }
    const failedOutside = module.state() === "failed" && failedTests === 0 ? 1 : 0;
    counts.failed += failedTests + failedOutside;
  }
  return counts;
}
