/** `npm run secrets:rotate`: a new key, and everything encrypted by it. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readConfig } from "#server/config.ts";
import { takeLockFile } from "#server/prepare/lock-file.ts";
import { rotateSecrets, type Rotation } from "#server/rotate-secrets.ts";
import { runCommand } from "./command.ts";
import { withStorage } from "./open-storage.ts";

const words: Record<Rotation["key"], string> = {
  added: "A new key was put first in secret.key.",
  finished: "An earlier rotation had been cut off; it is finished now, with the key it made. Run this again for another one.",
  given: "The first key of SECRET_KEY or SECRET_KEY_FILE counts; to rotate, put a new one before the others there, and run this again.",
};

await runCommand(async (print) => {
  const config = readConfig(process.env);
  if (!config.mongoUrl && !existsSync(config.dataDir))
    throw new Error(`There is no platform in ${config.dataDir}. DATA_DIR names another folder.`);
  const lockPath = join(config.dataDir, "rotate.lock");
  const holder = await takeLockFile(lockPath);
  if (holder) throw new Error(`Another rotation is under way here (process ${holder.pid}).`);
  try {
    const { key, resealed, unreadable } = await withStorage(config, (storage) => rotateSecrets(storage, config));
    print(words[key]);
    print(`Encrypted anew: ${resealed}. Sessions go on, and the older keys stay for backups: docs/configuration.md says when they can go.`);
    if (unreadable.length > 0) throw new Error(`Left as they are, since no key opens them: ${unreadable.join(", ")}`);
  } finally {
    await rm(lockPath, { force: true });
  }
});
