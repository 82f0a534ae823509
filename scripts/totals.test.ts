import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { closingLine } from "./counts.ts";
import { addToTotals } from "./totals.ts";

test("the last of several commands says the figures of all", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fp-totals-"));
  const environment = { FP_TEST_TOTALS: join(folder, "totals.json") };
  try {
    expect(closingLine(await addToTotals({ passed: 3, failed: 0, skipped: ["one"] }, environment))).toBe("3 passed, 0 failed, 1 skipped");
    expect(closingLine(await addToTotals({ passed: 2, failed: 1, skipped: [] }, environment))).toBe("5 passed, 1 failed, 1 skipped");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a command by itself says its own", async () => {
  expect(await addToTotals({ passed: 3, failed: 0, skipped: [] }, {})).toEqual({ passed: 3, failed: 0, skipped: [] });
});
