import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import type { Connection } from "mongoose";

const claimId = "first-admin" as never;
const codeId = "setup-code" as never;

/** Letters and digits that are not mistaken for one another when read from a log. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

export interface FirstAdmin {
  /** True for exactly one caller in the life of an installation, however many ask at once. */
  claim(): Promise<boolean>;
  claimed(): Promise<boolean>;
  /** Makes a new one-time setup code, replacing the last. */
  makeSetupCode(): Promise<string>;
  isSetupCode(code: string): Promise<boolean>;
}

/** Who becomes the first admin is settled by one insert: a count of users gave up to twelve of them when twelve signed up at once. */
export function createFirstAdmin(connection: Connection): FirstAdmin {
  const settings = connection.db!.collection("settings");
  const users = connection.db!.collection("users");
  return {
    async claim() {
      try {
        await settings.insertOne({ _id: claimId, at: new Date() });
        return true;
      } catch (error) {
        if ((error as { code?: unknown }).code === 11_000) return false;
        throw error;
      }
    },
    async claimed() {
      if (!(await settings.findOne({ _id: claimId }))) return false;
      if (await users.findOne({}, { projection: { _id: 1 } })) return true;
      // A process that died between the claim and the account left a claim without anybody behind it.
      await settings.deleteOne({ _id: claimId, at: { $lt: new Date(Date.now() - 60_000) } });
      return (await settings.findOne({ _id: claimId })) !== null;
    },
    async makeSetupCode() {
      const code = Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join("");
      await settings.updateOne({ _id: codeId }, { $set: { hash: digest(code).toString("base64") } }, { upsert: true });
      return code;
    },
    async isSetupCode(code) {
      const stored = await settings.findOne({ _id: codeId });
      return stored !== null && timingSafeEqual(Buffer.from(String(stored["hash"]), "base64"), digest(code.trim().toUpperCase()));
    },
  };
}

const digest = (code: string): Buffer => createHash("sha256").update(code).digest();
