import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingEntries } from "./complete-lock.ts";

test("what a registry left out is added with its platform", () => {
  const packages = {
    "": {},
    "node_modules/x": {
      dev: true,
      optionalDependencies: { "@x/binding-linux-arm64-musl": "1.0.0", "@x/darwin-x64": "1.0.0", "@x/here": "1.0.0" },
    },
    "node_modules/@x/here": { version: "1.0.0" },
  };
  expect(missingEntries(packages)).toEqual({
    "node_modules/@x/binding-linux-arm64-musl": {
      version: "1.0.0",
      cpu: ["arm64"],
      os: ["linux"],
      libc: ["musl"],
      dev: true,
      optional: true,
    },
    "node_modules/@x/darwin-x64": { version: "1.0.0", cpu: ["x64"], os: ["darwin"], dev: true, optional: true },
  });
});

test("the lock file is complete, so that npm ci takes it, and names no host", async () => {
  const text = await readFile(join(import.meta.dirname, "../package-lock.json"), "utf8");
  expect(missingEntries((JSON.parse(text) as { packages: Record<string, never> }).packages)).toEqual({});
  expect(text).not.toContain('"resolved"');
});
