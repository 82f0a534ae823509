import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { confineCookie, withoutPlatformCookies } from "./cookies.ts";
import { findHeader, toAppHeaders, toCallerHeaders } from "./headers.ts";
import { createHostReader } from "./host.ts";
import { createRequestId, createTraceparent, isTraceparent } from "./ids.ts";
import { toRecordedTarget } from "./record.ts";
import { toAnswer, refusals } from "./answers/refusal.ts";
import { isReservedPath, toTarget } from "./target.ts";
import { createProxyTrust, toPlainAddress } from "./trust.ts";

describe("hosts", () => {
  const local = createHostReader({ publicUrl: "http://localhost:3000", appsDomain: "localhost" });
  const online = createHostReader({ publicUrl: "https://fp.apps.example.com", appsDomain: "apps.example.com" });

  test.each([
    ["notes.localhost:3000", "notes"],
    ["notes.localhost", "notes"],
    ["NOTES.Localhost:80", "notes"],
    ["my-notes-2.localhost.:3000", "my-notes-2"],
  ])("%s is the app %s", (host, slug) => expect(local(host)).toMatchObject({ kind: "app", slug }));

  test.each([
    ["localhost:3000", "platform"],
    ["127.0.0.1:3000", "loopback"],
    ["[::1]:3000", "loopback"],
    ["evil.example", "unknown"],
    ["a.b.localhost", "unknown"],
    ["-x.localhost", "unknown"],
    ["admin.localhost", "unknown"],
    [".localhost", "unknown"],
    ["", "unknown"],
    [undefined, "unknown"],
  ])("%s is %s", (host, kind) => expect(local(host).kind).toBe(kind));

  test("the platform's own name wins over an app's; localhost leads to it from elsewhere", () => {
    expect(online("fp.apps.example.com").kind).toBe("platform");
    expect(online("notes.apps.example.com:443")).toMatchObject({ kind: "app", slug: "notes", hostname: "notes.apps.example.com" });
    expect(online("localhost:3000").kind).toBe("loopback");
  });

  test("no host throws, and none but names under the domain is an app", () => {
    fc.assert(fc.property(fc.string(), (host) => local(host).kind !== "app" || /\.localhost\.?(:.*)?$/i.test(host)));
  });
});

describe("cookies", () => {
  test.each([
    ["a=1; b=2", "a=1; b=2"],
    ["fp.session=1", null],
    ["a=1;fp.session=1; b=fp.x", "a=1; b=fp.x"],
    ["__Host-fp.session=1; __Secure-fp-x=2; z=3", "z=3"],
    ["myfp.x=1", "myfp.x=1"],
    ["FP.session=1; a=1", "a=1"],
  ])("of %j the app sees %j", (sent, seen) => expect(withoutPlatformCookies(sent)).toBe(seen));

  test.each([
    ["a=1", "a=1"],
    ["a=1; Domain=localhost", "a=1"],
    ["a=1; Path=/; domain=.LOCALHOST ; Secure", "a=1; Path=/; Secure"],
    ['a=1; Domain=localhost.; Domain="localhost"', "a=1"],
    ["a=1; Domain=notes.localhost", "a=1; Domain=notes.localhost"],
    ["a=1; Domain=sub.notes.localhost", "a=1; Domain=sub.notes.localhost"],
    ["a=domain=localhost", "a=domain=localhost"],
    ["fp.session_token=stolen; Path=/", null],
    [" __Host-fp.session=1", null],
    ["myfp.x=1", "myfp.x=1"],
    ["a=1; Domain=", "a=1; Domain="],
  ])("%j is set as %j", (written, set) => expect(confineCookie(written, "notes.localhost")).toBe(set));
});

describe("headers", () => {
  const input = { requestId: "0".repeat(31) + "1", peer: "1.2.3.4", trusted: false, protocol: "http" as const, host: "notes.localhost" };

  test("names that Connection lists go, but they cannot take ours along", () => {
    const { headers } = toAppHeaders({
      ...input,
      rawHeaders: ["Connection", "close, X-A , x-request-id, x-forwarded-for, host", "X-A", "1", "x-B", "2", "Upgrade", "h2c"],
    });
    expect(headers.slice(0, 2)).toEqual(["x-B", "2"]);
    expect(findHeader(headers, "x-request-id")).toBe(input.requestId);
    expect(findHeader(headers, "x-forwarded-for")).toBe("1.2.3.4");
    expect(findHeader(headers, "host")).toBe("notes.localhost");
    expect(headers.at(-2)).toBe("x-fp-instance");
  });

  test("a valid traceparent is passed on, any other replaced", () => {
    const valid = createTraceparent(createRequestId(Date.now()));
    expect(findHeader(toAppHeaders({ ...input, rawHeaders: ["Traceparent", valid] }).headers, "traceparent")).toBe(valid);
    const made = findHeader(toAppHeaders({ ...input, rawHeaders: ["traceparent", "00-0-0-0"] }).headers, "traceparent")!;
    expect(isTraceparent(made)).toBe(true);
  });

  test("only one host, one forwarded chain and one instance reach the app, whatever is sent", () => {
    const names = fc.constantFrom(
      "Host",
      "X-Forwarded-For",
      "x-forwarded-proto",
      "X-FP-Instance",
      "X-Request-Id",
      "Cookie",
      "X-Own",
      "Connection",
      "TE",
      "Transfer-Encoding",
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.constantFrom("a", "x-own", "close", "fp.s=1"))), fc.boolean(), (pairs, trusted) => {
        const { headers } = toAppHeaders({ ...input, trusted, rawHeaders: pairs.flat() });
        const keys = headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
        for (const name of [
          "host",
          "x-forwarded-for",
          "x-forwarded-proto",
          "x-forwarded-host",
          "x-request-id",
          "x-fp-instance",
          "traceparent",
        ]) {
          expect(keys.filter((key) => key === name)).toHaveLength(1);
        }
        for (const name of ["connection", "te", "transfer-encoding"]) expect(keys).not.toContain(name);
        expect(findHeader(headers, "cookie")).not.toBe("fp.s=1");
      }),
    );
  });

  test("of an answer only what is about the connection goes; bytes above ASCII stay as they are", () => {
    const raw = [
      "Date",
      "x",
      "Connection",
      "keep-alive, X-Hop",
      "Keep-Alive",
      "timeout=5",
      "x-hop",
      "1",
      "X-Name",
      "caf\xe9",
      "Transfer-Encoding",
      "chunked",
    ];
    expect(toCallerHeaders(raw, "notes.localhost")).toEqual(["Date", "x", "X-Name", "caf\xe9"]);
  });
});

describe("targets", () => {
  test.each([
    ["/a?b", "/a?b"],
    ["http://notes.localhost/a", "/a"],
    ["HTTP://NOTES.localhost?x", "/?x"],
    ["http://other/a", null],
    ["*", null],
  ])("%s is %s", (url, target) => expect(toTarget(url, "notes.localhost")).toBe(target));

  test.each(["/_platform", "/_platform/health?x", "/%5Fplatform/", "/%5fpl%61tform#x", "//_platform/x", "/./_platform"])(
    "%s is kept",
    (target) => expect(isReservedPath(target)).toBe(true),
  );
  test.each(["/", "/a/_platform", "/_platforms", "/%", "/x?y=/_platform", "/_"])("%s is the app's", (target) =>
    expect(isReservedPath(target)).toBe(false),
  );

  test("a record has the names of a query and none of its values", () => {
    expect(toRecordedTarget("/a/b?x=1&y=2&x=3&&z&%61+b=4&%zz=5")).toEqual({ path: "/a/b", queryNames: ["x", "y", "z", "a b", "%zz"] });
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { path, queryNames } = toRecordedTarget(`/p?k=${encodeURIComponent(text)}`);
        expect([path, queryNames]).toEqual(["/p", ["k"]]);
      }),
    );
  });
});

test("proxies are trusted by address or range, also in the dress of IPv6", () => {
  const trusts = createProxyTrust(["10.0.0.0/8", "2001:db8::1"]);
  expect([trusts(toPlainAddress("::ffff:10.1.2.3")), trusts("2001:db8::1"), trusts("11.0.0.1"), trusts(toPlainAddress(undefined))]).toEqual(
    [true, true, false, false],
  );
  expect(() => createProxyTrust(["proxy.example"])).toThrow(/TRUSTED_PROXIES/);
});

test("ids sort by time and differ", () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => createRequestId(1_700_000_000_000 + index));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids.map((id) => id.slice(12))).size).toBe(1_000);
});

test("a refusal is problem+json for programs and a page without scripts for browsers", () => {
  const json = toAnswer(refusals.stopped("over its quota"), "r1", false);
  expect(JSON.parse(json.body.toString())).toMatchObject({ status: 503, code: "app_stopped", detail: "Over its quota.", requestId: "r1" });
  const page = toAnswer(refusals.stopped(`<script>"x"`), "r1", true);
  expect(page.body.toString()).not.toContain("<script>");
  expect(findHeader(page.headers, "content-security-policy")).toContain("default-src 'none'");
});
