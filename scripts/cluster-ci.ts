/**
 * The last step of `.ci/run`: the cluster tests on the one-node cluster beside the checkout, with images built from this checkout. Where there
 * is no such cluster, or the machine cannot start it, it says so and succeeds; its last line counts all of the run.
 * `--images` stops when the images are in the node, which then stays up.
 */
import { join } from "node:path";
import { buildImages, prepareBases } from "./cluster/images.ts";
import { findOneNode, startOneNode, type OneNode } from "./cluster/one-node.ts";
import { buildPrevious } from "./cluster/previous.ts";
import { runToEnd } from "./cluster/run.ts";
import { closingLine } from "./counts.ts";
import { addToTotals } from "./totals.ts";

const root = join(import.meta.dirname, "..");
const print = (line: string): void => void process.stdout.write(`${line}\n`);

process.exit(await main());

async function main(): Promise<number> {
  const folder = await findOneNode(root);
  if (folder === null) return skip("no cluster: the one-node cluster is not beside this checkout");
  let node: OneNode | undefined;
  try {
    node = await startOneNode(folder);
    await prepareBases(node);
  } catch (error) {
    if (node?.startedHere) await node.stop();
    print("\n!!! THE CLUSTER DID NOT START ON THIS MACHINE: NONE OF ITS TESTS WAS RUN !!!\n");
    return skip(`the cluster did not start: ${(error as Error).message}`);
  }
  let keep = !node.startedHere;
  try {
    const images = await buildImages(root, node, print);
    if (process.argv.includes("--images")) {
      keep = true;
      for (const [name, value] of Object.entries(images)) print(`${name}: ${value}`);
      return 0;
    }
    const previous = await buildPrevious(root, node, images, print);
    return await runToEnd(process.execPath, [join(root, "scripts/cluster-test.ts")], {
      ...node.environment,
      FP_PLATFORM_IMAGE: images.platform,
      FP_RUNNER_IMAGE: images.runner,
      FP_MONGODB_IMAGE: images.mongodb,
      FP_PREVIOUS_PLATFORM_IMAGE: previous.platform,
      FP_PREVIOUS_RUNNER_IMAGE: previous.runner,
    });
  } finally {
    if (!keep) await node.stop();
  }
}

/** Nothing of ours failed; what was counted before is still what the run ends with. */
async function skip(why: string): Promise<number> {
  print(`skipped: the cluster tests (${why})`);
  print(closingLine(await addToTotals({ passed: 0, failed: 0, skipped: [`the cluster tests: ${why}`] }, process.env)));
  return 0;
}
