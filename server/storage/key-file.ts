/** The file that holds the master keys: read whole, replaced whole, and on disk before anything is sealed by what is in it. */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the keys come from. Without a setting and a file of the user's own it is `secret.key` in the data folder. */
export interface KeySource {
  secretKey: string | undefined;
  secretKeyFile: string | undefined;
  dataDir: string;
}

/** The file that the platform makes itself. */
export const ownKeyFile = (dataDir: string): string => join(dataDir, "secret.key");

/** Whether the keys are the platform's own to change: neither a setting nor a file of somebody else's. */
export const ownsKeys = ({ secretKey, secretKeyFile }: KeySource): boolean => secretKey === undefined && secretKeyFile === undefined;

const splitSecrets = (text: string): string[] => text.split(/[,\s]+/).filter(Boolean);

/** The secrets at start, newest first. The own file is made when it is absent. @throws Error when a file of somebody else's cannot be read. */
export function readSecrets(source: KeySource): string[] {
  if (source.secretKey !== undefined) return splitSecrets(source.secretKey);
  const path = source.secretKeyFile ?? ownKeyFile(source.dataDir);
  if (ownsKeys(source) && !existsSync(path)) makeKeyFile(path);
  return splitSecrets(readFileSync(path, "utf8"));
}

/** The secrets as they are now, or none when the file cannot be read any more: a pipe, for one, is read only once. */
export function rereadSecrets(source: KeySource): string[] {
  if (source.secretKey !== undefined) return splitSecrets(source.secretKey);
  try {
    return splitSecrets(readFileSync(source.secretKeyFile ?? ownKeyFile(source.dataDir), "utf8"));
  } catch {
    return [];
  }
}

/**
 * Puts a new secret first in the own file and keeps the others, since they still open what they sealed. A running platform
 * takes it up by itself. @throws Error when there is no such file.
 */
export function addSecret(dataDir: string): void {
  const path = ownKeyFile(dataDir);
  const draft = writeDraft(path, [makeSecret(), ...splitSecrets(readFileSync(path, "utf8"))]);
  renameSync(draft, path);
  syncFolder(path);
}

function makeKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = writeDraft(path, [makeSecret()]);
  try {
    linkSync(draft, path);
  } catch (error) {
    // Another process made it first: its keys count.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(path);
}

const makeSecret = (): string => randomBytes(32).toString("base64url");

/** Beside the file and on disk: a key that a power cut takes away takes everything with it that it sealed. */
function writeDraft(path: string, secrets: readonly string[]): string {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  const file = openSync(draft, "wx", 0o600);
  try {
    writeSync(file, `${secrets.join("\n")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
