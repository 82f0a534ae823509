import { expect, test } from "vitest";
import { parseTags } from "./tags.ts";

test.each([
  ["", []],
  ["mongodb, full_stack; #REST  rest", ["mongodb", "full-stack", "rest"]],
  [" ,;# -a- ", ["a"]],
  ["größe", ["größe"]],
])("%j is read as %j", (text, tags) => expect(parseTags(text)).toEqual(tags));
