/**
 * Envelope encryption of what must not lie readable in the database: each value has a data key of its own, wrapped by a
 * master key whose id is stored beside it, so that master keys can be rotated without reading the values.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readSecrets, rereadSecrets, type KeySource } from "./key-file.ts";

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
  /** The same value under the newest master key; its data is not read, only its data key wrapped anew. @throws like `open`. */
  reseal(sealed: Sealed, context: string): Sealed;
  /** The id of the master key that seals now. */
  newestKeyId(): string;
  /**
   * A secret for `purpose`, stable over restarts. It is derived from the *oldest* master key, so that a rotation, which puts
   * new keys before it, changes nothing: sessions go on. It changes when that key is removed.
   */
  derive(purpose: string): string;
}

interface MasterKey {
  id: string;
  key: Buffer;
}

/**
 * Reads the master keys, newest first, from the setting, its file, or `DATA_DIR/secret.key`, which is made when absent.
 * A file is read again before each sealing and when a value names an unknown key: `npm run secrets:rotate` adds a key while
 * the platform runs, and both must seal with the same one.
 */
export function createVault(source: KeySource): Vault {
  let keys = readSecrets(source).map(toMasterKey);
  if (keys.length === 0) throw new Error("No secret key: set SECRET_KEY or SECRET_KEY_FILE (docs/configuration.md).");

  const refresh = (): void => {
    const current = rereadSecrets(source).map(toMasterKey);
    // Without the key that seals now it is no rotation but a file half written, or another one: only a restart takes that.
    if (current.some(({ id }) => id === keys[0]!.id)) keys = current;
  };
  const newest = (): MasterKey => {
    refresh();
    return keys[0]!;
  };
  const keyOf = (sealed: Sealed): Buffer => {
    const find = () => keys.find((key) => key.id === sealed.keyId);
    let found = find();
    if (!found) {
      refresh();
      found = find();
    }
    if (!found) throw new Error(`The key ${sealed.keyId} that sealed this value is not among the configured ones.`);
    return found.key;
  };

  return {
    seal(value, context) {
      const { id, key } = newest();
      const dataKey = randomBytes(32);
      return { keyId: id, wrappedKey: encrypt(key, dataKey, context), data: encrypt(dataKey, Buffer.from(value, "utf8"), context) };
    },
    open: (sealed, context) => decrypt(decrypt(keyOf(sealed), sealed.wrappedKey, context), sealed.data, context).toString("utf8"),
    reseal(sealed, context) {
      const { id, key } = newest();
      return { keyId: id, wrappedKey: encrypt(key, decrypt(keyOf(sealed), sealed.wrappedKey, context), context), data: sealed.data };
    },
    newestKeyId: () => newest().id,
    derive: (purpose) => createHash("sha256").update(keys.at(-1)!.key).update(`derive:${purpose}`).digest("base64url"),
  };
}

const toMasterKey = (secret: string): MasterKey => ({
  id: createHash("sha256").update(`id:${secret}`).digest("hex").slice(0, 12),
  key: createHash("sha256").update(`key:${secret}`).digest(),
});

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
