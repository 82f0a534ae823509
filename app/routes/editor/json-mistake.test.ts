import fc from "fast-check";
import { expect, test } from "vitest";
import { findJsonMistake } from "./json-mistake.ts";

test.each([
  ['{"a": 1,\n  "b": }', 2, 8, "A value belongs here."],
  ['{"a": 1\n "b": 2}', 2, 2, "A comma or } belongs here."],
  ['{"a": [1, 2,]}', 1, 13, "There is a comma too many before this."],
  ['{"a": 1,}', 1, 9, "There is a comma too many before this."],
  ["{'a': 1}", 1, 2, "A name in double quotes belongs here."],
  ['{"a": True}', 1, 7, "This is Python: JSON says true, false and null."],
  ['{"a" 1}', 1, 6, "A colon belongs here, after the name."],
  ['{"a": "b\n"}', 1, 7, "This text has no closing quote."],
  ['["C:\\temp", "\\q"]', 1, 14, "A backslash in a text is written twice: \\\\."],
  ['{"a": 1', 1, 8, "It ends too early."],
  ["", 1, 1, "It ends too early."],
  ["[1] 2", 1, 5, "The value ends before this."],
  ["[1, // one\n2]", 1, 5, "JSON has no comments."],
])("%j", (text, line, column, message) => {
  expect(findJsonMistake(text)).toMatchObject({ line, column, message });
});

test("it finds one exactly where JSON.parse does, and always inside the text", () => {
  const pieces = fc.array(
    fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', '"', "1", "-", "tru", "true", " ", "\n", "\\", "\t", "0", ".5"),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((each) => each.join("")),
        fc.json(),
      ),
      (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const mistake = findJsonMistake(text);
        expect(mistake === null).toBe(isJson);
        if (mistake) expect(mistake.at).toBeLessThanOrEqual(text.length);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a mistake a hundred thousand lists deep is found as well", () => {
  expect(findJsonMistake("[".repeat(100_000))).toMatchObject({ at: 100_000 });
});
