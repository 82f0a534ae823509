/** What an image is made from, as a hash: the same sources are the same tag, and nothing is built twice. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** In no image. */
const unused = /(^|\/)(tests|__pycache__|\.pytest_cache)\/|\.test(-part)?\.tsx?$|\.pyc$/;

/** SHA-256 over path and content of every file at or below `paths`. @throws Error when one of `paths` is not there. */
export async function hashSources(root: string, paths: readonly string[]): Promise<string> {
  const files: string[] = [];
  for (const path of paths) {
    if ((await stat(join(root, path))).isFile()) files.push(path);
    else
      for (const entry of await readdir(join(root, path), { recursive: true, withFileTypes: true }))
        if (entry.isFile()) files.push(join(entry.parentPath, entry.name).slice(root.length + 1));
  }
  const hash = createHash("sha256");
  for (const file of files.filter((each) => !unused.test(each)).toSorted())
    hash
      .update(`${file}\0`)
      .update(await readFile(join(root, file)))
      .update("\0");
  return hash.digest("hex");
}

/** What an ignore file lets into a build: the lines that begin with `!`. Pure. */
export const parseIncluded = (ignoreFile: string): string[] =>
  ignoreFile
    .split("\n")
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1).trim());
