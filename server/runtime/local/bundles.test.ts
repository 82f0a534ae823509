import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../tests/wait.ts";
import { openBundles, placeBundle, writeBundle } from "./bundles.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "fp-bundles-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const files = { "app.py": "app = 1\n", "static/logo.png": { base64: "AAEC" }, "lib/deep/one.py": "x = 1\n" };
const hash = (digit: number) => String(digit % 10).repeat(63) + String.fromCharCode(97 + Math.floor(digit / 10));

test.each([
  ["link", 2],
  ["copy", 1],
] as const)("an instance gets every file by %s, readable by whoever it runs as", async (how, links) => {
  const bundle = join(folder, "bundle");
  await writeBundle(bundle, files);
  const code = join(folder, "code");
  placeBundle(bundle, code, how);
  expect(readFileSync(join(code, "app.py"), "utf8")).toBe("app = 1\n");
  expect([...readFileSync(join(code, "static/logo.png"))]).toEqual([0, 1, 2]);
  expect(readFileSync(join(code, "lib/deep/one.py"), "utf8")).toBe("x = 1\n");
  for (const path of ["app.py", "static/logo.png", "lib/deep/one.py"]) {
    expect(statSync(join(code, path)).mode & 0o777).toBe(0o444);
    expect(lstatSync(join(code, path)).nlink).toBe(links);
  }
  expect(statSync(join(code, "lib/deep")).mode & 0o555).toBe(0o555);
});

test("files are read once, however many want them, and written where others see them whole", async () => {
  const bundles = await openBundles(join(folder, "cache"));
  let reads = 0;
  const read = async () => {
    reads += 1;
    return files;
  };
  const paths = await Promise.all([bundles.ensure("a", hash(1), read), bundles.ensure("a", hash(1), read)]);
  expect(paths[0]).toBe(paths[1]);
  await bundles.ensure("a", hash(1), read);
  expect(reads).toBe(1);
  expect(readdirSync(join(folder, "cache", "a"))).toEqual([hash(1)]);
  await bundles.removeApp("a");
  expect(existsSync(paths[0]!)).toBe(false);
});

test("a reading that fails leaves nothing behind and is tried again", async () => {
  const bundles = await openBundles(join(folder, "cache"));
  await expect(bundles.ensure("a", hash(1), () => Promise.reject(new Error("the database is away")))).rejects.toThrow("away");
  await expect(bundles.ensure("a", hash(1), async () => ({ "../x.py": "" }))).rejects.toThrow("path");
  expect(existsSync(join(folder, "cache", "x.py"))).toBe(false);
  expect(existsSync(await bundles.ensure("a", hash(1), async () => files))).toBe(true);
  expect(readdirSync(join(folder, "cache", "a"))).toEqual([hash(1)]);
});

test("ten versions of an app are kept, the least recently started go", async () => {
  const bundles = await openBundles(join(folder, "cache"));
  for (let version = 0; version < 15; version += 1) await bundles.ensure("a", hash(version), async () => files);
  // Old ones are removed when nobody waits for it.
  const kept = (): string[] => readdirSync(join(folder, "cache", "a"));
  await waitFor("five are gone", () => kept().length === 10);
  expect(kept()).toContain(hash(14));
});

test("after a reboot, when files may be empty, all are made again", async () => {
  const cache = join(folder, "cache");
  await (await openBundles(cache)).ensure("a", hash(1), async () => files);
  expect(existsSync(join(cache, "a"))).toBe(true);
  await openBundles(cache);
  expect(existsSync(join(cache, "a"))).toBe(true);
  writeFileSync(join(cache, ".boot"), "another boot");
  await openBundles(cache);
  expect(existsSync(join(cache, "a"))).toBe(false);
});
