import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Connection } from "mongoose";

const claimId = "first-admin" as never;
const nonceId = "setup-nonce" as never;

/** 32 letters and digits that are not mistaken for one another when read from a log. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

export interface FirstAdmin {
  /** True for exactly one caller in the life of an installation, however many ask at once. */
  claim(): Promise<boolean>;
  claimed(): Promise<boolean>;
  /** The code that the first sign-up must carry: the same in every process and at each start, another in each installation. */
  setupCode(): Promise<string>;
  isSetupCode(code: string): Promise<boolean>;
}

/**
 * `given` is the administrator's own setup code; without one it is made of `secret`, which all processes of an installation have, and
 * of a nonce in its database. Who becomes the first admin is settled by one insert: a count of users gave up to twelve of them when
 * twelve signed up at once.
 */
export function createFirstAdmin(connection: Connection, secret: string, given: string | undefined): FirstAdmin {
  const settings = connection.db!.collection("settings");
  const users = connection.db!.collection("users");

  const nonce = async (): Promise<string> => {
    try {
      await settings.insertOne({ _id: nonceId, value: randomBytes(16).toString("base64url") });
    } catch (error) {
      if ((error as { code?: unknown }).code !== 11_000) throw error;
    }
    return String((await settings.findOne({ _id: nonceId }))!["value"]);
  };
  const setupCode = async (): Promise<string> => {
    if (given !== undefined) return given;
    const bytes = createHmac("sha256", secret)
      .update(await nonce())
      .digest();
    return Array.from(bytes.subarray(0, 12), (byte) => alphabet[byte % alphabet.length]).join("");
  };
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
    setupCode,
    isSetupCode: async (code) => timingSafeEqual(digest(await setupCode()), digest(code)),
  };
}

/** As people type it. */
const digest = (code: string): Buffer => createHash("sha256").update(code.trim().toUpperCase()).digest();
