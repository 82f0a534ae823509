/**
 * Envelope encryption of what must not lie readable in the database: each value has a data key of its own, wrapped by a
 * master key whose id is stored beside it, so that master keys can be rotated without reading the values.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Sealed {
  keyId: string;
  wrappedKey: string;
  data: string;
}

export interface Vault {
  /** `context` is authenticated, not stored: a value moved to another owner or name does not open. */
  seal(text: string, context: string): Sealed;
  /** @throws Error when the value was changed, the context is another, or its master key is gone. */
  open(sealed: Sealed, context: string): string;
  /** A secret derived from the first master key for `purpose`, stable over restarts. */
  derive(purpose: string): string;
}

interface MasterKey {
  id: string;
  key: Buffer;
}

/** Reads the master keys (newest first; several are separated by commas) from the setting, its file, or `DATA_DIR/secret.key`, which is made when absent. */
export function createVault(source: { secretKey: string | undefined; secretKeyFile: string | undefined; dataDir: string }): Vault {
  const text = source.secretKey ?? readOrCreate(source.secretKeyFile, join(source.dataDir, "secret.key"));
  const keys: MasterKey[] = text
    .split(/[,\s]+/)
    .filter(Boolean)
    .map((secret) => ({ id: createHash("sha256").update(`id:${secret}`).digest("hex").slice(0, 12), key: createHash("sha256").update(`key:${secret}`).digest() }));
  const newest = keys[0];
  if (!newest) throw new Error("No secret key: set SECRET_KEY or SECRET_KEY_FILE (docs/configuration.md).");
  return {
    seal(value, context) {
      const dataKey = randomBytes(32);
      return { keyId: newest.id, wrappedKey: encrypt(newest.key, dataKey, context), data: encrypt(dataKey, Buffer.from(value, "utf8"), context) };
    },
    open(sealed, context) {
      const master = keys.find((key) => key.id === sealed.keyId);
      if (!master) throw new Error(`The key ${sealed.keyId} that sealed this value is not among the configured ones.`);
      return decrypt(decrypt(master.key, sealed.wrappedKey, context), sealed.data, context).toString("utf8");
    },
    derive: (purpose) => createHash("sha256").update(newest.key).update(`derive:${purpose}`).digest("base64url"),
  };
}

function readOrCreate(file: string | undefined, fallback: string): string {
  if (file) return readFileSync(file, "utf8");
  if (!existsSync(fallback)) writeFileSync(fallback, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  return readFileSync(fallback, "utf8");
}

/** base64url of nonce (12 bytes), tag (16 bytes), ciphertext. */
function encrypt(key: Buffer, plain: Buffer, context: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(context, "utf8"));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
}

function decrypt(key: Buffer, text: string, context: string): Buffer {
  const bytes = Buffer.from(text, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context, "utf8"));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
}
