import { resealEach, type Resealed, type Storage, type Vault } from "#server/storage/index.ts";
import { envContext } from "./env.ts";
import { appModels, type AppModels } from "./models.ts";

/** Puts every variable of every app under the newest master key, while apps and their owners go on. */
export function resealAppEnv(storage: Storage, vault: Vault): Promise<Resealed> {
  return resealEach(vault, oldValues(appModels(storage.connection), vault.newestKeyId()));
}

async function* oldValues({ env }: AppModels, newestKeyId: string) {
  const stale = { vars: { $elemMatch: { "value.keyId": { $ne: newestKeyId } } } };
  for await (const { _id, vars } of env.find(stale).sort({ _id: 1 }).lean().cursor()) {
    for (const { name, value } of vars) {
      if (value.keyId === newestKeyId) continue;
      yield {
        sealed: value,
        context: envContext(_id, name),
        // An owner who saves at this moment wins: only the value that was read is replaced, and a wrapped key is never made twice.
        replace: async (next: typeof value) => {
          const { modifiedCount } = await env.updateOne(
            { _id, vars: { $elemMatch: { name, "value.wrappedKey": value.wrappedKey } } },
            { $set: { "vars.$.value": next, changedAt: new Date() } },
          );
          return modifiedCount === 1;
        },
      };
    }
  }
}
