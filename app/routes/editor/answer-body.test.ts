import { expect, test } from "vitest";
import { bodyOf, formatSize } from "./answer-body.ts";

const answer = (body: string, type?: string, bodyEncoding: "utf8" | "base64" = "utf8") =>
  bodyOf({ body, bodyEncoding, headers: type === undefined ? [] : [["Content-Type", type]] });

test("JSON is known by its type or its look, and only when it is JSON", () => {
  expect(answer('{"a":1}', "application/json; charset=utf-8")).toMatchObject({ kind: "json", value: { a: 1 } });
  expect(answer('"text"', "application/problem+json")).toMatchObject({ kind: "json", value: "text" });
  expect(answer(" [1]")).toMatchObject({ kind: "json", value: [1] });
  expect(answer("{not json", "application/json")).toMatchObject({ kind: "text", text: "{not json" });
});

test("pictures are shown, other bytes are named, nothing is nothing", () => {
  expect(answer("AAEC", "image/png", "base64")).toMatchObject({ kind: "image", size: "3 B", source: "data:image/png;base64,AAEC" });
  expect(answer("AAE=", "application/zip", "base64")).toMatchObject({ kind: "binary", type: "application/zip", size: "2 B" });
  expect(answer("")).toMatchObject({ kind: "empty" });
});

test("a huge body is cut for the screen and says so", () => {
  expect(answer("x".repeat(300_000), "text/plain")).toMatchObject({ kind: "text", cut: true, size: "300.0 kB" });
  expect(formatSize(2_500_000)).toBe("2.5 MB");
});

test("a page is shown as one, under a policy that lets it load nothing", () => {
  const page = answer("<!doctype html><h1>Hi</h1>", "text/html; charset=utf-8");
  expect(page).toMatchObject({ kind: "html", text: "<!doctype html><h1>Hi</h1>" });
  expect(page.kind === "html" && page.page).toMatch(
    /^<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'/,
  );
});

test("events and drawings are shown as what they are", () => {
  expect(answer("data: 1\n\n", "text/event-stream")).toMatchObject({ kind: "events", events: [{ data: "1" }] });
  expect(answer("<svg/>", "image/svg+xml")).toMatchObject({
    kind: "image",
    text: "<svg/>",
    source: "data:image/svg+xml;charset=utf-8,%3Csvg%2F%3E",
  });
});
