import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "./sha256.ts";

const reference = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("the examples of FIPS 180-4", () => {
  const utf8 = new TextEncoder();
  expect(sha256(utf8.encode(""))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(sha256(utf8.encode("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256(utf8.encode("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("is Node's, for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_000 }), (bytes) => sha256(bytes) === reference(bytes)),
    { numRuns: 500 },
  );
});

test("is Node's for every length around the ends of its blocks", () => {
  for (let length = 0; length <= 260; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 131 + length) % 256);
    expect(sha256(bytes), `${length} bytes`).toBe(reference(bytes));
  }
});

test("is Node's for the largest bundle, and for a part of a buffer", () => {
  const bytes = Uint8Array.from({ length: 505_000 }, (_, index) => (index * 7) % 251);
  expect(sha256(bytes)).toBe(reference(bytes));
  expect(sha256(bytes.subarray(13, 1_000))).toBe(reference(bytes.subarray(13, 1_000)));
});
