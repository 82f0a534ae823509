import { resealEach, type Resealed, type Storage, type Vault } from "#server/storage/index.ts";
import { databaseModel, passwordContext } from "./models.ts";

/** Puts the password of every user's database under the newest master key. The passwords themselves stay. */
export function resealDatabasePasswords(storage: Storage, vault: Vault): Promise<Resealed> {
  return resealEach(vault, oldPasswords(storage, vault.newestKeyId()));
}

async function* oldPasswords(storage: Storage, newestKeyId: string) {
  const model = databaseModel(storage.connection);
  for await (const { _id, physicalName, password } of model
    .find({ "password.keyId": { $ne: newestKeyId } })
    .sort({ _id: 1 })
    .lean()
    .cursor()) {
    yield {
      sealed: password,
      context: passwordContext(physicalName),
      replace: async (next: typeof password) => {
        const { modifiedCount } = await model.updateOne(
          { _id, "password.wrappedKey": password.wrappedKey },
          { $set: { password: next, changedAt: new Date() } },
        );
        return modifiedCount === 1;
      },
    };
  }
}
