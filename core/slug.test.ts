import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appLimits } from "./limits.ts";
import { isValidSlug, reservedSlugs, slugCandidates, slugify } from "./slug.ts";

/** Names as people and attackers write them: any Unicode, words, digits, and what looks like a slug or an id. */
const names = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc
    .array(fc.constantFrom("my", "App", "über", "2", "--", "-", " ", "!", "Ωμέγα", "дом", "ß", "app", "x".repeat(30)), { maxLength: 12 })
    .map((parts) => parts.join("")),
  fc.stringMatching(/^[0-9a-f]{24}$/),
  fc.constantFrom(...reservedSlugs),
);

/** The first `count` candidates, with a generator of its own. */
function take(name: string, count: number, random?: () => number): string[] {
  const found: string[] = [];
  for (const candidate of slugCandidates(name, random)) {
    if (found.push(candidate) === count) return found;
  }
  return found;
}

/** Numbers in [0, 1) that are the same in each run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("what may be a slug", () => {
  test.each(["ab", "a1", "notes", "my-app-2", "a-b-c", "x".repeat(40), "a".repeat(23), "a".repeat(25)])("%s", (slug) => {
    expect(isValidSlug(slug)).toBe(true);
  });

  test.each([
    ["", "empty"],
    ["a", "one character"],
    ["x".repeat(41), "41 characters"],
    ["2fast", "begins with a digit"],
    ["-a", "begins with a dash"],
    ["a-", "ends with a dash"],
    ["a--b", "two dashes, as in punycode"],
    ["xn--caf-dma", "punycode"],
    ["Notes", "a capital"],
    ["my_app", "an underscore"],
    ["a.b", "a dot"],
    ["café", "not ASCII"],
    ["ab\n", "a line end"],
    ["abcdef0123456789abcdef01", "looks like an id"],
    ["admin", "reserved"],
    ["new", "reserved: /apps/new"],
    ["www", "reserved"],
  ])("not %j: %s", (slug) => {
    expect(isValidSlug(slug)).toBe(false);
  });

  test("no reserved name is a slug, and each is one that could have been taken", () => {
    for (const name of reservedSlugs) {
      expect(isValidSlug(name)).toBe(false);
      expect(name === "me" || name.length >= 2, name).toBe(true);
      expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    }
  });
});

describe("the slug of a name", () => {
  test("is valid, whatever the name", () => {
    fc.assert(
      fc.property(names, (name) => isValidSlug(slugify(name))),
      { numRuns: 2_000 },
    );
  });

  test("of a slug is the slug itself", () => {
    fc.assert(
      fc.property(names, (name) => slugify(slugify(name)) === slugify(name)),
      { numRuns: 1_000 },
    );
    for (const slug of ["notes", "my-app-2", "x".repeat(40)]) expect(slugify(slug)).toBe(slug);
  });

  test("does not depend on how Unicode spells a letter", () => {
    // Names whose letters exist composed and decomposed, which is what keyboards and file systems differ in.
    const accented = fc.array(fc.constantFrom("é", "Å", "ñ", "ü", "ö", "a", "B", " "), { maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(fc.property(accented, (name) => slugify(name.normalize("NFC")) === slugify(name.normalize("NFD"))));
  });

  test.each([
    ["Hello World", "hello-world"],
    ["  My  App!  ", "my-app"],
    ["Ada's notes", "adas-notes"],
    ["Crème Brûlée", "creme-brulee"],
    ["Straße", "strasse"],
    ["Łódź & Ærø", "lodz-and-aero"],
    ["C++", "c-plus-plus"],
    ["Καλημέρα", "kalimera"],
    ["Привет", "privet"],
    ["2048", "app-2048"],
    ["x", "app-x"],
    ["admin", "app-admin"],
    ["Proxy", "app-app-proxy"],
    ["日本語", "app"],
    ["🎉", "app"],
    ["", "app"],
    ["---", "app"],
    ["abcdef0123456789abcdef01", "app-abcdef0123456789abcdef01"],
    ["a\u0000b", "a-b"],
    ["The quick brown fox jumps over the lazy dog again", "the-quick-brown-fox-jumps-over-the-lazy"],
  ])("%j is %s", (name, slug) => {
    expect(slugify(name)).toBe(slug);
    expect(isValidSlug(slugify(name))).toBe(true);
  });

  test("that is too long is cut, between words where that keeps more than half", () => {
    expect(slugify("x".repeat(100))).toBe("x".repeat(appLimits.slugCharacters));
    expect(slugify(`${"x".repeat(30)} ${"y".repeat(30)}`)).toBe("x".repeat(30));
    expect(slugify(`ab ${"y".repeat(60)}`)).toBe(`ab-${"y".repeat(37)}`);
  });
});

describe("candidates for a name", () => {
  test("are valid and distinct, and begin with its slug", () => {
    fc.assert(
      fc.property(names, (name) => {
        // One sequence for all names: random suffixes may meet, if only at odds of one in 33 million, and a test must not.
        const candidates = take(name, 60, seeded(1));
        expect(candidates[0]).toBe(slugify(name));
        expect(candidates.filter((candidate) => !isValidSlug(candidate))).toEqual([]);
        expect(new Set(candidates).size).toBe(candidates.length);
      }),
      { numRuns: 300 },
    );
  });

  test("are numbered first, then random", () => {
    const candidates = take("Notes", 25);
    expect(candidates.slice(0, 20)).toEqual(["notes", ...Array.from({ length: 19 }, (_, index) => `notes-${index + 2}`)]);
    for (const candidate of candidates.slice(20)) expect(candidate).toMatch(/^notes-[a-z2-9]{5}$/);
    expect(take("Notes", 30)).not.toEqual(take("Notes", 30));
  });

  test("keep a long name's suffix", () => {
    const candidates = take("z".repeat(80), 22);
    expect(candidates[1]).toBe(`${"z".repeat(38)}-2`);
    expect(candidates[21]).toMatch(/^z{34}-[a-z2-9]{5}$/);
  });
});
