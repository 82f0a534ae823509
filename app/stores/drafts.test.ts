import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyChanges, changesBetween, differencesBetween, hasChanges, resolveDifferences } from "./drafts.ts";

const path = fc.constantFrom("app.py", "b.py", "static/a.css", "static/logo.png", "c.txt");
const content = fc.oneof(fc.constantFrom("", "x = 1\n", "y = 2\n"), fc.record({ base64: fc.constantFrom("AA==", "AQ==") }));
const files = fc.dictionary(path, content, { noNullPrototype: true });

describe("changes", () => {
  test("applying what lies between two drafts gives the second", () => {
    fc.assert(
      fc.property(files, files, (a, b) => {
        expect(applyChanges(a, changesBetween(a, b))).toEqual(b);
      }),
    );
  });

  test("equal drafts have none, also with equal bytes in other objects", () => {
    expect(
      hasChanges({ "static/logo.png": { base64: "AA==" }, "app.py": "" }, { "app.py": "", "static/logo.png": { base64: "AA==" } }),
    ).toBe(false);
  });

  test("an emptied file is a change, not a deletion", () => {
    expect(changesBetween({ "app.py": "x" }, { "app.py": "" })).toEqual({ "app.py": "" });
    expect(changesBetween({ "app.py": "" }, {})).toEqual({ "app.py": null });
  });
});

describe("two drafts of one base", () => {
  const base = { "app.py": "1", "b.py": "1", "gone.py": "1" };

  test("each difference is laid at the door of who made it", () => {
    const found = differencesBetween(base, { "app.py": "2", "b.py": "1", "new.py": "n", "gone.py": "1" }, { "app.py": "3", "b.py": "2" });
    expect(found.map(({ path, changedBy, suggested }) => [path, changedBy, suggested])).toEqual([
      ["app.py", "both", "mine"],
      ["b.py", "theirs", "theirs"],
      ["gone.py", "theirs", "theirs"],
      ["new.py", "mine", "mine"],
    ]);
  });

  test("the suggestion keeps what either side did alone", () => {
    const mine = { "app.py": "1", "b.py": "mine", "gone.py": "1" };
    const theirs = { "app.py": "theirs", "b.py": "1" };
    expect(resolveDifferences(theirs, differencesBetween(base, mine, theirs), (difference) => difference.suggested)).toEqual({
      "app.py": "theirs",
      "b.py": "mine",
    });
  });

  test("choosing one side for all gives that side whole", () => {
    fc.assert(
      fc.property(files, files, files, (origin, mine, theirs) => {
        const differences = differencesBetween(origin, mine, theirs);
        expect(resolveDifferences(theirs, differences, () => "mine")).toEqual(mine);
        expect(resolveDifferences(theirs, differences, () => "theirs")).toEqual(theirs);
      }),
    );
  });

  test("without a known base nothing is decided in silence", () => {
    expect(differencesBetween(null, { "app.py": "1" }, { "app.py": "2" })[0]?.changedBy).toBe("both");
  });
});
