import { randomInt } from "node:crypto";
import { AppError } from "#core/contract/problem.ts";
import type { Storage } from "#server/storage/index.ts";
import { hashPassword } from "./password.ts";

/** Letters and digits that are not mistaken for one another when copied by hand; 20 of them are 99 bits. */
const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const length = 20;
/** Addresses named in a refusal; an installation has few admins. */
const namedAdmins = 10;

/**
 * The way back in for who lost their password: makes the account of `email` an admin with a new random password and ends its
 * sessions. API tokens stay. Answers the password, which is kept as a hash only.
 * @throws AppError `not_found` that names the admins there are.
 */
export async function resetAdmin(storage: Storage, email: string): Promise<{ email: string; password: string }> {
  const database = storage.connection.db!;
  const users = database.collection("users");
  // better-auth keeps addresses in lower case.
  const user = await users.findOne({ email: email.trim().toLowerCase() });
  if (!user) throw await explainMissing(storage, email);

  const password = Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
  const now = new Date();
  // The password before the sessions: nobody can begin a new one by the old password after they ended.
  await database.collection("accounts").updateOne(
    { userId: user._id, providerId: "credential" },
    // A sign-up that was cut off may have left a user without this.
    { $set: { password: await hashPassword(password), updatedAt: now }, $setOnInsert: { accountId: String(user._id), createdAt: now } },
    { upsert: true },
  );
  await users.updateOne({ _id: user._id }, { $set: { role: "admin", updatedAt: now } });
  await database.collection("sessions").deleteMany({ userId: user._id });
  return { email: String(user["email"]), password };
}

async function explainMissing({ connection }: Storage, email: string): Promise<AppError> {
  const users = connection.db!.collection("users");
  const admins = await users
    .find({ role: "admin" }, { projection: { email: 1 } })
    .limit(namedAdmins)
    .toArray();
  const known = admins.map((admin) => String(admin["email"])).join(", ");
  return new AppError(
    "not_found",
    known
      ? `No account has the address ${email}. Admins are: ${known}`
      : `No account has the address ${email}. There is no admin yet: the first to sign up becomes one.`,
  );
}
