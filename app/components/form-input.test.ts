import { expect, test } from "vitest";
import { z } from "zod";
import { readForm } from "./form-input.ts";
import { sortProblems } from "./form-problems.ts";

const schema = z.object({ name: z.string({ error: "Give it a name." }), scopes: z.union([z.string(), z.array(z.string())]).optional() });
const post = (body: string) =>
  new Request("http://localhost/", { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" } });

test("several values of one name become a list", async () =>
  expect(await readForm(post("name=a&scopes=read&scopes=run"), schema)).toEqual({ name: "a", scopes: ["read", "run"] }));

test("an empty field is as good as none, and its problem names it", async () => {
  await expect(readForm(post("name="), schema)).rejects.toMatchObject({
    code: "validation_failed",
    problems: [{ path: "name", message: "Give it a name." }],
  });
});

test("problems go to their fields; without one they are the form's", () => {
  const problem = { type: "about:blank", title: "Invalid", status: 422, code: "validation_failed", detail: "No." };
  expect(sortProblems({ ...problem, problems: [{ path: "email", message: "Not an address" }] }, ["email"])).toEqual({
    fields: { email: "Not an address" },
    message: undefined,
  });
  expect(sortProblems({ ...problem, problems: [{ path: "tags.2", message: "Not a tag" }] }, ["tags"]).fields).toEqual({
    tags: "Not a tag",
  });
  expect(sortProblems(problem, ["email"])).toEqual({ fields: {}, message: "No." });
  expect(sortProblems(undefined, [])).toEqual({ fields: {}, message: undefined });
});
