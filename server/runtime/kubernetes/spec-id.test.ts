import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, it } from "vitest";
import { makeSpec } from "./gateway.test-part.ts";
import { toSpecId } from "./spec-id.ts";

const spec = makeSpec({ env: { A: "1", B: "2" }, database: { name: "d", username: "u", password: "p" } });
const { limits } = spec;

it("is the same whatever the order of the variables, and whatever an instance does not depend on", () => {
  const id = toSpecId(spec);
  expect(toSpecId({ ...spec, env: { B: "2", A: "1" } })).toBe(id);
  expect(toSpecId({ ...spec, slug: "renamed", readFiles: async () => ({}) })).toBe(id);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
});

it.each([
  ["the files", { bundleHash: "cd".repeat(32) }],
  ["the entry point", { entrypoint: "main:create_app" }],
  ["the version", { version: 2 }],
  ["a variable's value", { env: { A: "1", B: "3" } }],
  ["a variable less", { env: { A: "1" } }],
  ["the session key", { sessionKey: "other" }],
  ["the database's password", { database: { name: "d", username: "u", password: "new" } }],
  ["no database", { database: null }],
  ["the memory", { limits: { ...limits, memoryMiB: 512 } }],
  ["the CPU", { limits: { ...limits, cpus: 2 } }],
  ["the processes", { limits: { ...limits, processes: 1 } }],
  ["the concurrency", { limits: { ...limits, concurrency: 1 } }],
])("is another by %s", (_, change) => {
  expect(toSpecId({ ...spec, ...change })).not.toBe(toSpecId(spec));
});

it("does not mix up names and values of variables", () => {
  const env = fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }));
  fc.assert(
    fc.property(env, env, (left, right) => {
      const isSame = isDeepStrictEqual({ ...left }, { ...right });
      expect(toSpecId({ ...spec, env: left }) === toSpecId({ ...spec, env: right })).toBe(isSame);
    }),
  );
});
