import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameBoundary } from "./frames.ts";

/** One frame as a server or a client would send it. */
function frame(length: number, masked: boolean, longForm: 0 | 126 | 127): Buffer {
  const form = longForm === 127 || length > 65_535 ? 127 : longForm === 126 || length > 125 ? 126 : length;
  const extra = Buffer.alloc(form === 127 ? 8 : form === 126 ? 2 : 0);
  if (form === 127) extra.writeBigUInt64BE(BigInt(length));
  else if (form === 126) extra.writeUInt16BE(length);
  return Buffer.concat([Buffer.from([0x82, (masked ? 0x80 : 0) | form]), extra, Buffer.alloc((masked ? 4 : 0) + length, 0x7f)]);
}

const frames = fc.array(
  fc.tuple(
    fc.oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 65_535, 65_536)),
    fc.boolean(),
    fc.constantFrom(0 as const, 126 as const, 127 as const),
  ),
  { minLength: 1, maxLength: 6 },
);

test("however the bytes are cut, it is between frames at their ends and nowhere else", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }), (shapes, cuts) => {
      const parts = shapes.map(([length, masked, form]) => frame(length, masked, form));
      const all = Buffer.concat(parts);
      const ends = new Set<number>([0]);
      let end = 0;
      for (const part of parts) ends.add((end += part.length));
      const boundary = new FrameBoundary();
      let at = 0;
      for (let turn = 0; at < all.length; turn += 1) {
        const next = Math.min(all.length, at + cuts[turn % cuts.length]!);
        boundary.feed(all.subarray(at, next));
        at = next;
        expect(boundary.between).toBe(ends.has(at));
      }
    }),
    { numRuns: 200 },
  );
});

test("a byte at a time", () => {
  const boundary = new FrameBoundary();
  const bytes = Buffer.concat([frame(3, true, 126), frame(0, false, 0)]);
  const between = [...bytes].map((byte) => {
    boundary.feed(Buffer.from([byte]));
    return boundary.between;
  });
  expect(between).toEqual([...Array.from({ length: 10 }, () => false), true, false, true]);
});
