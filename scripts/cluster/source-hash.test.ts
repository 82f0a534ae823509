import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashSources, parseIncluded } from "./source-hash.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fp-hash-"));
  await mkdir(join(root, "server"));
  await writeFile(join(root, "server/main.ts"), "1");
  await writeFile(join(root, "Containerfile"), "FROM");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const hash = () => hashSources(root, ["Containerfile", "server"]);

test("a source that changes, appears or is renamed makes another image; a test does not", async () => {
  const first = await hash();
  expect(await hash()).toBe(first);
  await writeFile(join(root, "server/main.test.ts"), "x");
  expect(await hash()).toBe(first);
  await writeFile(join(root, "server/main.ts"), "2");
  const changed = await hash();
  await writeFile(join(root, "server/more.ts"), "");
  expect(new Set([first, changed, await hash()]).size).toBe(3);
});

test("a source that is not there is an error, and no hash of nothing", async () => {
  await expect(hashSources(root, ["elsewhere"])).rejects.toThrow(/ENOENT/);
});

test("what an ignore file lets in is read from it", () => {
  expect(parseIncluded("# why\n*\n!app\n!package.json\n**/*.test.ts\n")).toEqual(["app", "package.json"]);
});
