import { expect, test } from "vitest";
import { toEditorPath } from "./traceback.ts";

test("the editor's address keeps odd paths whole", () =>
  expect(toEditorPath("a", "x y/ö.py", 3)).toBe("/apps/a/edit?file=x+y%2F%C3%B6.py&line=3"));
