/** A new master key, and everything that is sealed under it. Begins anew or carries on wherever an earlier one was cut off. */
import { existsSync } from "node:fs";
import { resealAppEnv } from "./apps/index.ts";
import { resealDatabasePasswords } from "./databases/index.ts";
import { addSecret, createVault, ownKeyFile, ownsKeys, type KeySource, type Resealed, type Storage, type Vault } from "./storage/index.ts";

export interface Rotation extends Resealed {
  /** `added`: a new key was made. `finished`: an earlier rotation was cut off and is done now. `given`: the keys are the user's own. */
  key: "added" | "finished" | "given";
}

/**
 * Rotates while the platform runs or not. The platform's own key file gets a new key first; of keys that are set by the user
 * the first counts. @throws Error when there is no key yet.
 */
export async function rotateSecrets(storage: Storage, source: KeySource): Promise<Rotation> {
  if (!ownsKeys(source)) return { key: "given", ...(await resealAll(storage, createVault(source))) };
  if (!existsSync(ownKeyFile(source.dataDir))) throw new Error(`There is no key in ${source.dataDir} yet, so there is nothing to rotate.`);
  const before = await resealAll(storage, createVault(source));
  if (before.resealed > 0) return { key: "finished", ...before };
  addSecret(source.dataDir);
  return { key: "added", ...(await resealAll(storage, createVault(source))) };
}

/** Passes until one finds nothing: a running platform may have sealed by the old key what a pass had gone by. */
async function resealAll(storage: Storage, vault: Vault): Promise<Resealed> {
  const total: Resealed = { resealed: 0, unreadable: [] };
  for (;;) {
    const passes = [await resealAppEnv(storage, vault), await resealDatabasePasswords(storage, vault)];
    const resealed = passes.reduce((sum, pass) => sum + pass.resealed, 0);
    total.resealed += resealed;
    total.unreadable = passes.flatMap((pass) => pass.unreadable);
    if (resealed === 0) return total;
  }
}
