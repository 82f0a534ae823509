import { rename, writeFile } from "node:fs/promises";

/** Writes a file, readable by its owner alone, that is there whole or as it was before, whenever this process is killed. */
export async function writeWhole(path: string, text: string, mode = 0o600): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}
