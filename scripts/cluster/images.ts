/** The images that the manifests name, built from this checkout without a registry and put into the one-node cluster. */
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCacheDir } from "#server/prepare/cache.ts";
import { buildServer } from "#server/storage/embedded/build.ts";
import { secantusBinary } from "#server/storage/embedded/find.ts";
import { runShown, type OneNode } from "./one-node.ts";
import { hashSources, parseIncluded } from "./source-hash.ts";

export interface ClusterImages {
  platform: string;
  runner: string;
  mongodb: string;
}

const mongodbFile = "k8s/components/mongodb-embedded/Containerfile";

/**
 * Builds what is not in the node yet. The tag is a hash of what an image is made from; each is also called `:test` in the node.
 * @param root the checkout
 */
export async function buildImages(root: string, node: OneNode, log: (line: string) => void): Promise<ClusterImages> {
  const here = new Set(await node.images());
  const ensure = async (name: string, sources: readonly string[], build: (tagged: string) => Promise<unknown>): Promise<string> => {
    const tagged = `localhost/${name}:${(await hashSources(root, sources)).slice(0, 12)}`;
    log(here.has(tagged) ? `${tagged} is in the node already` : `building ${tagged}`);
    if (!here.has(tagged)) await build(tagged);
    await node.tagImage(tagged, `localhost/${name}:test`);
    return tagged;
  };
  // A fixed time, so that the same sources are the same image to the byte.
  const build = (name: string, context: string, file: string, ...rest: string[]): Promise<string> =>
    runShown(join(node.folder, "build-image"), [name, context, "--file", join(root, file), "--timestamp", "0", ...rest]);

  const platformSources = ["Containerfile", ".containerignore", ...parseIncluded(await readFile(join(root, ".containerignore"), "utf8"))];
  const platform = await ensure("fastapi-platform", platformSources, async (name) => {
    await runShown(join(root, "scripts/cluster/node-base-image"), [node.folder]);
    await build(name, root, "Containerfile");
  });
  const mongodb = await ensure("fastapi-platform-mongodb", [mongodbFile, ...platformSources], (name) =>
    inContextWithServer((context) =>
      build(name, context, mongodbFile, "--build-arg", `PLATFORM_IMAGE=${platform}`, "--build-arg", "SERVER=given"),
    ),
  );
  const runner = await ensure("fastapi-platform-runner", ["runner"], async (name) => {
    await runShown(join(node.folder, "python-base-image"), []);
    await build(name, join(root, "runner"), "runner/Containerfile");
  });
  return { platform, runner, mongodb };
}

/** The embedded server that `npm start` and `npm test` have built on this machine already, or build now. */
async function inContextWithServer(build: (context: string) => Promise<unknown>): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), "fp-mongodb-image-"));
  try {
    const cacheDir = await findCacheDir(process.env, context);
    const built = secantusBinary(cacheDir);
    const binary = existsSync(built) ? built : await buildServer(cacheDir, process.env, () => undefined, new AbortController().signal);
    await copyFile(binary, join(context, "secantusd-rs"));
    await build(context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
