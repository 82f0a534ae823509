import { expect, test } from "vitest";
import { describeFailure } from "./failure-words.ts";

const problem = (status: number, detail: string) => ({
  status,
  data: { type: "about:blank", title: "t", status, code: "x", detail, requestId: "r1" },
});

test("a refusal says its own reason and names the request", () => {
  expect(describeFailure(problem(404, "There is no app notes."))).toMatchObject({
    title: "Nothing is here",
    text: "There is no app notes.",
    requestId: "r1",
    retry: false,
  });
});

test("a fault of the platform never shows its insides", () => {
  expect(describeFailure(problem(500, "TypeError at secret.ts")).text).not.toContain("secret");
  expect(describeFailure(null)).toMatchObject({ title: "Something went wrong here", retry: true });
});

test("an unknown status is a fault, an unavailable part can be tried again", () => {
  expect(describeFailure({ status: 599, data: "?" }).title).toBe("Something went wrong here");
  expect(describeFailure({ status: 503, data: null }).retry).toBe(true);
});
