import { expect, test } from "vitest";
import { toEditorPath, toSendAgainPath } from "./traceback.ts";

test("the editor's address keeps odd paths whole", () =>
  expect(toEditorPath("a", "x y/ö.py", 3)).toBe("/apps/a/edit?file=x+y%2F%C3%B6.py&line=3"));

test("a request is sent again with the names of its query, whose values are not kept", () =>
  expect(toSendAgainPath("a", { method: "POST", path: "/é", queryNames: ["q&", "b"] })).toBe(
    `/apps/a/edit?method=POST&path=${encodeURIComponent("/é?q%26=&b=")}`,
  ));
