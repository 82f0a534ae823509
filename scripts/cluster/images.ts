/** The images that the manifests name, built from a checkout without a registry and put into the one-node cluster. */
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

export interface ImageBuilder {
  /** Each gives the image's name in the node; what is there already is not built. */
  platform(): Promise<string>;
  runner(): Promise<string>;
  /** `platform`: the image that it is laid upon. */
  mongodb(platform: string): Promise<string>;
}

const mongodbFile = "k8s/components/mongodb-embedded/Containerfile";
/** The checkout that this file is of: its tools build, whatever they build. */
const tools = join(import.meta.dirname, "../..");

/** What the platform's image is made from, relative to `root`. */
export const platformSources = async (root: string): Promise<string[]> => [
  "Containerfile",
  ".containerignore",
  ...parseIncluded(await readFile(join(root, ".containerignore"), "utf8")),
];

/** Makes the bases that the images are laid upon, with what makes them. @throws Error where the machine cannot. */
export async function prepareBases(node: OneNode): Promise<void> {
  // In this order: the first also installs the tools of the second.
  await runShown(join(node.folder, "python-base-image"), []);
  await runShown(join(tools, "scripts/cluster/node-base-image"), [node.folder]);
}

/**
 * Builds what is not in the node yet, on the bases of `prepareBases`. The tag is a hash of what an image is made from.
 * @param root where the sources are: this checkout, or another state of it
 */
export function createImageBuilder(root: string, node: OneNode, log: (line: string) => void): ImageBuilder {
  const ensure = async (name: string, sources: readonly string[], build: (tagged: string) => Promise<unknown>): Promise<string> => {
    const tagged = `localhost/${name}:${(await hashSources(root, sources)).slice(0, 12)}`;
    const isHere = (await node.images()).includes(tagged);
    log(isHere ? `${tagged} is in the node already` : `building ${tagged}`);
    if (!isHere) await build(tagged);
    return tagged;
  };
  // A fixed time, so that the same sources are the same image to the byte; Docker's own format would add names of what built it.
  const build = (name: string, context: string, file: string, ...rest: string[]): Promise<string> =>
    runShown(join(node.folder, "build-image"), [name, context, "--file", join(root, file), "--format", "oci", "--timestamp", "0", ...rest]);
  return {
    platform: async () => ensure("fastapi-platform", await platformSources(root), (name) => build(name, root, "Containerfile")),
    runner: () => ensure("fastapi-platform-runner", ["runner"], (name) => build(name, join(root, "runner"), "runner/Containerfile")),
    mongodb: async (platform) =>
      ensure("fastapi-platform-mongodb", [mongodbFile, ...(await platformSources(root))], (name) =>
        inContextWithServer((context) =>
          build(name, context, mongodbFile, "--build-arg", `PLATFORM_IMAGE=${platform}`, "--build-arg", "SERVER=given"),
        ),
      ),
  };
}

/** All three of this checkout; each is also called `:test` in the node. */
export async function buildImages(root: string, node: OneNode, log: (line: string) => void): Promise<ClusterImages> {
  const builder = createImageBuilder(root, node, log);
  const platform = await builder.platform();
  const images = { platform, mongodb: await builder.mongodb(platform), runner: await builder.runner() };
  for (const tagged of Object.values(images)) await node.tagImage(tagged, tagged.replace(/:[^:]*$/, ":test"));
  return images;
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
