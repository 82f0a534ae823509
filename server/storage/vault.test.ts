import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createVault } from "./vault.ts";

const dataDir = () => mkdtempSync(join(tmpdir(), "fp-vault-"));
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
  const source = { secretKey: undefined, secretKeyFile: undefined, dataDir: folder };
  const sealed = createVault(source).seal("value", "x");
  expect(createVault(source).open(sealed, "x")).toBe("value");
  expect(statSync(join(folder, "secret.key")).mode & 0o777).toBe(0o600);
});
