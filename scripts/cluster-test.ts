/**
 * `npm run cluster:test`: the tests against the cluster that `KUBECONFIG` names, in namespaces of their own. Closes with one plain line of
 * figures. With arguments only Vitest's files that they name. `FP_RUNNER_IMAGE` is the runner's image on that cluster.
 */
import { access, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Counts } from "./count-reporter.ts";
import { closingLine } from "./counts.ts";
import { runToEnd } from "./cluster/run.ts";
import { addToTotals } from "./totals.ts";

const root = join(import.meta.dirname, "..");
const print = (line: string): void => void process.stdout.write(`${line}\n`);
process.exit(await main(process.argv.slice(2)));

async function main(named: readonly string[]): Promise<number> {
  const kubeconfig = process.env["KUBECONFIG"];
  if (!kubeconfig) return refuse("No cluster: set KUBECONFIG to the file that leads to one.");
  if (!(await isReadable(kubeconfig))) return refuse(`No cluster: KUBECONFIG names ${kubeconfig}, which cannot be read.`);
  await mkdir(join(root, ".vitest"), { recursive: true });
  const countsPath = join(root, ".vitest", `cluster-counts-${process.pid}.json`);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=./scripts/count-reporter.ts"];
  const code = await runToEnd(process.execPath, [vitest, "run", "--root", root, "--project=cluster", ...reporters, ...named], {
    ...process.env,
    FP_TEST_COUNTS: countsPath,
  });
  const counts = await readFile(countsPath, "utf8").then(
    (text) => JSON.parse(text) as Counts,
    (): Counts => ({ passed: 0, failed: 0, skipped: [] }),
  );
  await rm(countsPath, { force: true });
  // Vitest itself may fail beside the tests, such as in its set-up.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  for (const skipped of counts.skipped) print(`skipped: ${skipped}`);
  print(closingLine(await addToTotals(counts, process.env)));
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}

function refuse(words: string): number {
  process.stderr.write(`${words}\n`);
  return 1;
}

async function isReadable(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
