/**
 * The cluster tests as a machine without a cluster of its own runs them: on the one-node cluster beside the checkout, with images built from this checkout. Where
 * there is no such cluster it says so and succeeds. `--images` stops when the images are in the node, which then stays up.
 */
import { join } from "node:path";
import { buildImages } from "./cluster/images.ts";
import { findOneNode, startOneNode } from "./cluster/one-node.ts";
import { runToEnd } from "./cluster/run.ts";

const root = join(import.meta.dirname, "..");
const print = (line: string): void => void process.stdout.write(`${line}\n`);

process.exit(await main());

async function main(): Promise<number> {
  const folder = await findOneNode(root);
  if (folder === null) {
    print("skipped: no cluster (the one-node cluster is not beside this checkout)");
    return 0;
  }
  const node = await startOneNode(folder);
  let keep = !node.startedHere;
  try {
    const images = await buildImages(root, node, print);
    if (process.argv.includes("--images")) {
      keep = true;
      for (const [name, value] of Object.entries(images)) print(`${name}: ${value}`);
      return 0;
    }
    return await runToEnd(process.execPath, [join(root, "scripts/cluster-test.ts")], {
      ...node.environment,
      FP_PLATFORM_IMAGE: images.platform,
      FP_RUNNER_IMAGE: images.runner,
      FP_MONGODB_IMAGE: images.mongodb,
    });
  } finally {
    if (!keep) await node.stop();
  }
}
