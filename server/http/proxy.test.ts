import { expect, test } from "vitest";
import { trafficLimits } from "#core/limits.ts";
import { encodeProxyBody, toProxyBody } from "./proxy.ts";

test("a body is the bytes that it says", () => {
  expect(toProxyBody({})).toBeUndefined();
  expect(toProxyBody({ body: "héllo" })?.toString()).toBe("héllo");
  expect([...toProxyBody({ body: "/wAB", bodyEncoding: "base64" })!]).toEqual([255, 0, 1]);
});

test("what is no base64 is refused, not read past", () => {
  for (const body of ["a", "/wA", "/wAB\n", "_wAB", "=AAA", "A==="])
    expect(() => toProxyBody({ body, bodyEncoding: "base64" }), body).toThrow(expect.objectContaining({ code: "invalid_request" }));
});

test("bytes are counted, whatever they are written in", () => {
  const most = trafficLimits.proxyBodyBytes;
  expect(toProxyBody({ body: Buffer.alloc(most).toString("base64"), bodyEncoding: "base64" })).toHaveLength(most);
  const tooMuch = expect.objectContaining({ code: "payload_too_large" });
  expect(() => toProxyBody({ body: Buffer.alloc(most + 1).toString("base64"), bodyEncoding: "base64" })).toThrow(tooMuch);
  expect(() => toProxyBody({ body: "é".repeat(most / 2 + 1) })).toThrow(tooMuch);
});

test("text is answered as text also when a cut splits its last letter", () => {
  const cut = Buffer.from("é").subarray(0, 1);
  expect(encodeProxyBody(Buffer.concat([Buffer.from("a"), cut]), true)).toEqual({ body: "a", bodyEncoding: "utf8" });
  expect(encodeProxyBody(cut, false)).toMatchObject({ bodyEncoding: "base64" });
});
