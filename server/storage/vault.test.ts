import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addSecret, ownKeyFile, type KeySource } from "./key-file.ts";
import { createVault } from "./vault.ts";

const dataDir = () => mkdtempSync(join(tmpdir(), "fp-vault-"));
const fileIn = (folder: string): KeySource => ({ secretKey: undefined, secretKeyFile: undefined, dataDir: folder });
const withKey = (secretKey: string) => createVault({ secretKey, secretKeyFile: undefined, dataDir: "/nowhere" });
const first = "a".repeat(40);
const second = "b".repeat(40);

test("a sealed value opens in its own context only", () => {
  const vault = withKey(first);
  const sealed = vault.seal("hunter2", "app/1/TOKEN");
  expect(JSON.stringify(sealed)).not.toContain("hunter2");
  expect(vault.open(sealed, "app/1/TOKEN")).toBe("hunter2");
  expect(() => vault.open(sealed, "app/2/TOKEN")).toThrow();
});

test("a changed ciphertext is refused", () => {
  const vault = withKey(first);
  const sealed = vault.seal("value", "x");
  const bytes = Buffer.from(sealed.data, "base64url");
  bytes[bytes.length - 1]! ^= 1;
  expect(() => vault.open({ ...sealed, data: bytes.toString("base64url") }, "x")).toThrow();
});

test("after rotation old values still open and new ones use the new key", () => {
  const old = withKey(first).seal("value", "x");
  const rotated = withKey(`${second},${first}`);
  expect(rotated.open(old, "x")).toBe("value");
  expect(rotated.seal("value", "x").keyId).not.toBe(old.keyId);
  expect(() => withKey(second).open(old, "x")).toThrow(/not among the configured/);
});

test("a missing key file is made once, readable by its owner only", () => {
  const folder = dataDir();
  const source = fileIn(folder);
  const sealed = createVault(source).seal("value", "x");
  expect(createVault(source).open(sealed, "x")).toBe("value");
  expect(statSync(join(folder, "secret.key")).mode & 0o777).toBe(0o600);
});

test("resealing puts a value under the newest key without touching its data, and in its own context only", () => {
  const old = withKey(first).seal("value", "x");
  const rotated = withKey(`${second},${first}`);
  const resealed = rotated.reseal(old, "x");
  expect(resealed).toEqual({ ...old, keyId: rotated.newestKeyId(), wrappedKey: expect.not.stringContaining(old.wrappedKey) });
  expect(withKey(second).open(resealed, "x")).toBe("value");
  expect(() => withKey(first).open(resealed, "x")).toThrow(/not among the configured/);
  expect(() => rotated.reseal(old, "y")).toThrow();
});

test("a rotation changes nothing that is derived, so sessions go on; removing the oldest key does", () => {
  expect(withKey(`${second},${first}`).derive("sessions")).toBe(withKey(first).derive("sessions"));
  expect(withKey(second).derive("sessions")).not.toBe(withKey(first).derive("sessions"));
  expect(withKey(first).derive("other")).not.toBe(withKey(first).derive("sessions"));
});

test("a key that is added while a vault is in use seals from then on, and what the other process sealed by it opens", () => {
  const folder = dataDir();
  const running = createVault(fileIn(folder));
  const old = running.seal("old", "x");
  addSecret(folder);
  const other = createVault(fileIn(folder));
  const foreign = other.seal("foreign", "x");
  expect(foreign.keyId).not.toBe(old.keyId);
  expect(running.open(foreign, "x")).toBe("foreign");
  expect(running.seal("new", "x").keyId).toBe(foreign.keyId);
  expect(other.open(old, "x")).toBe("old");
  expect(statSync(ownKeyFile(folder)).mode & 0o777).toBe(0o600);
});

test("a key file that was lost, emptied or exchanged under a running vault seals nothing by a stranger's key", () => {
  const folder = dataDir();
  const running = createVault(fileIn(folder));
  const { keyId } = running.seal("value", "x");
  const kept = readFileSync(ownKeyFile(folder));
  for (const spoil of [
    () => rmSync(ownKeyFile(folder)),
    () => writeFileSync(ownKeyFile(folder), ""),
    () => writeFileSync(ownKeyFile(folder), `${second}\n`),
  ]) {
    spoil();
    expect(running.seal("value", "x").keyId).toBe(keyId);
  }
  writeFileSync(ownKeyFile(folder), kept);
  expect(createVault(fileIn(folder)).seal("value", "x").keyId).toBe(keyId);
});
