/** The images of the commit before the one that last changed them, for tests of an upgrade. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createImageBuilder, platformSources } from "./images.ts";
import { runShown, type OneNode } from "./one-node.ts";

const execute = promisify(execFile);

export interface PreviousImages {
  platform: string;
  runner: string;
}

/**
 * Builds them from that commit's files, or takes what is in the node. Where git has no such commit (a clone of one commit) they are `current`'s with
 * another label and name, which it says. Where both commits have the same runner, its image has another name too.
 */
export async function buildPrevious(
  root: string,
  node: OneNode,
  current: PreviousImages,
  log: (line: string) => void,
): Promise<PreviousImages> {
  const commit = await findPrevious(root, [...(await platformSources(root)), "runner"]);
  if (commit === null) {
    log("no earlier commit is here: an upgrade is tried with the same sources under another name");
    return { platform: await relabel(node, current.platform), runner: await relabel(node, current.runner) };
  }
  log(`the previous images are of ${commit.slice(0, 12)}`);
  const folder = await mkdtemp(join(tmpdir(), "fp-previous-"));
  try {
    await execute("sh", ["-c", 'git -C "$1" archive "$2" | tar -x -C "$3"', "sh", root, commit, folder]);
    const builder = createImageBuilder(folder, node, log);
    const built = { platform: await builder.platform(), runner: await builder.runner() };
    // Of an image that both have the other needs a name of its own.
    const other = async (name: keyof PreviousImages): Promise<string> =>
      built[name] === current[name] ? relabel(node, current[name]) : built[name];
    return { platform: await other("platform"), runner: await other("runner") };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The parent of the newest commit that changed one of `sources`, tests aside; null when it is not in this clone. */
export async function findPrevious(root: string, sources: readonly string[]): Promise<string | null> {
  const git = async (...rest: string[]): Promise<string> => (await execute("git", ["-C", root, ...rest])).stdout.trim();
  try {
    const tests = ["*.test.ts", "*.test.tsx", "*.test-part.ts", "runner/tests/*"].map((pattern) => `:(exclude)${pattern}`);
    const changed = await git("rev-list", "--max-count=1", "HEAD", "--", ...sources, ...tests);
    return changed === "" ? null : await git("rev-parse", "--verify", "--quiet", `${changed}^`);
  } catch {
    return null;
  }
}

/** The same files under another name, as an image of its own. */
async function relabel(node: OneNode, image: string): Promise<string> {
  const name = `${image}-before`;
  if ((await node.images()).includes(name)) return name;
  const context = await mkdtemp(join(tmpdir(), "fp-relabel-"));
  try {
    await writeFile(join(context, "Containerfile"), `FROM ${image}\nLABEL fastapi-platform.test=before\n`);
    await runShown(join(node.folder, "build-image"), [name, context, "--timestamp", "0"]);
    return name;
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
